"""Cakes as they are baked: the WebSocket of /live/.

Each message is the whole list, the cake of the last bake first. So whoever comes back after a deployment has missed nothing. Nothing
is secret here, and nothing that a client says is heard: any origin may watch.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, close_old_connections

from cake_service.cakes.models import Cake

logger = logging.getLogger(__name__)

PATH = "/live/"
# Of the database, by each process that somebody watches: however many there are.
LOOK_EVERY_SECONDS = 1.0
MOST_CAKES = 12


def last_baked() -> str:
    """Return the cakes as the message that tells of them."""
    # Requests have Django do this. Here nobody does: a connection that the database has closed would fail for ever.
    close_old_connections()
    try:
        cakes = Cake.objects.filter(baked_at__isnull=False).order_by("-baked_at")[:MOST_CAKES]
        return json.dumps(
            {"cakes": list(cakes.values("id", "name", "bake_count", "baked_at"))}, cls=DjangoJSONEncoder
        )
    finally:
        close_old_connections()


class Window:
    """What everybody sees who watches in this process. It is looked at only while somebody does."""

    def __init__(self, read: Callable[[], str], every_seconds: float = LOOK_EVERY_SECONDS) -> None:
        self.read = sync_to_async(read)
        self.every_seconds = every_seconds
        self.text = ""
        self.changed = asyncio.Condition()
        self.watchers = 0
        self.looking: asyncio.Task | None = None

    async def __aenter__(self) -> "Window":
        self.watchers += 1
        if self.looking is None:
            self.looking = asyncio.create_task(self.look())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.watchers -= 1
        if self.watchers == 0 and self.looking is not None:
            self.looking.cancel()
            self.looking = None
            self.text = ""

    async def look(self) -> None:
        while True:
            try:
                text = await self.read()
            except DatabaseError as error:
                # People see what they have seen, until the database is back.
                logger.warning("cannot look for baked cakes: %s", error)
            else:
                if text != self.text:
                    async with self.changed:
                        self.text = text
                        self.changed.notify_all()
            await asyncio.sleep(self.every_seconds)

    async def after(self, seen: str) -> str:
        """Wait until there is something else to see."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.text not in ("", seen))
            return self.text


window = Window(last_baked)


async def tell(send: Callable[[dict], Awaitable[None]], through: Window) -> None:
    seen = ""
    while True:
        seen = await through.after(seen)
        await send({"type": "websocket.send", "text": seen})


async def watch(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict]],
    send: Callable[[dict], Awaitable[None]],
    through: Window | None = None,
) -> None:
    """Run one WebSocket, until its client or the server closes it."""
    await receive()  # websocket.connect
    if scope["path"] != PATH:
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.accept"})
    async with through or window as opened:
        telling = asyncio.create_task(tell(send, opened))
        try:
            while (await receive())["type"] != "websocket.disconnect":
                pass
        finally:
            telling.cancel()
            # A client that has gone in the middle of a message.
            await asyncio.gather(telling, return_exceptions=True)
