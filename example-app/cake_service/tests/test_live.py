import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime

from django.contrib.staticfiles import finders
from django.test import SimpleTestCase, TestCase, override_settings
from django.utils import timezone

from cake_service.asgi import application
from cake_service.cakes.live import Window, last_baked, watch
from cake_service.cakes.models import Cake
from cake_service.tests.test_pages import WITHOUT_MANIFEST

LIVE = {"type": "websocket", "path": "/live/"}


class Client:
    """What a server does for an application, of one WebSocket."""

    def __init__(self) -> None:
        self.to_application: asyncio.Queue[dict] = asyncio.Queue()
        self.from_application: asyncio.Queue[dict] = asyncio.Queue()
        self.receive: Callable[[], Awaitable[dict]] = self.to_application.get
        self.send: Callable[[dict], Awaitable[None]] = self.from_application.put
        self.to_application.put_nowait({"type": "websocket.connect"})

    def go(self) -> None:
        self.to_application.put_nowait({"type": "websocket.disconnect", "code": 1001})

    async def next(self) -> dict:
        return await asyncio.wait_for(self.from_application.get(), 5)


class PageTests(TestCase):
    @override_settings(STORAGES=WITHOUT_MANIFEST)
    def test_the_page(self):
        self.assertContains(self.client.get("/live/"), "/static/cakes/live.js")
        self.assertIsNotNone(finders.find("cakes/live.js"))


class MessageTests(TestCase):
    def test_only_baked_cakes_the_last_one_first(self):
        self.assertEqual(json.loads(last_baked()), {"cakes": []})
        first, second = Cake.objects.all()[:2]
        for cake in (first, second, first):
            Cake.mark_baked(cake.pk)
        cakes = json.loads(last_baked())["cakes"]
        self.assertEqual([(it["id"], it["bake_count"]) for it in cakes], [(first.pk, 2), (second.pk, 1)])
        self.assertLessEqual(datetime.fromisoformat(cakes[0]["baked_at"]), timezone.now())


class SocketTests(SimpleTestCase):
    async def test_each_client_hears_the_present_and_each_change(self):
        texts = ["one"]
        window = Window(lambda: texts[0], every_seconds=0.01)
        clients = [Client(), Client()]
        watching = [asyncio.create_task(watch(LIVE, it.receive, it.send, window)) for it in clients]
        for client in clients:
            self.assertEqual((await client.next())["type"], "websocket.accept")
            self.assertEqual((await client.next())["text"], "one")
        texts[0] = "two"
        for client in clients:
            self.assertEqual((await client.next())["text"], "two")
        clients[0].go()
        await asyncio.wait_for(watching[0], 5)
        texts[0] = "three"
        self.assertEqual((await clients[1].next())["text"], "three")
        self.assertTrue(clients[0].from_application.empty())
        clients[1].go()
        await asyncio.wait_for(watching[1], 5)
        self.assertIsNone(window.looking)

    async def test_nothing_is_at_other_addresses(self):
        client = Client()
        await application({"type": "websocket", "path": "/"}, client.receive, client.send)
        self.assertEqual(await client.next(), {"type": "websocket.close"})
