import tempfile
from pathlib import Path

from django.test import SimpleTestCase, TestCase, override_settings

from cake_service.cakes.models import Beat, Cake
from cake_service.cakes.tasks import record_beat
from cake_service.celery import app
from cake_service.tests.environment import run_python
from cake_service.tests.test_pages import WITHOUT_MANIFEST

ASK_HEALTH = """
import django
django.setup()
from django.test import Client
response = Client().get("/health/", headers={"host": "localhost"})
print(response.status_code, response.content.decode().strip())
"""

ASK_BAKE = """
import django
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
response = Client().post("/api/cakes/1/bake/", headers={"host": "localhost"})
print(response.status_code, response.json()["error"])
"""


@override_settings(STORAGES=WITHOUT_MANIFEST)
class CakeApiTests(TestCase):
    def test_the_list(self):
        cakes = self.client.get("/api/cakes/").json()["cakes"]
        self.assertEqual(len(cakes), 6)
        battenberg = next(cake for cake in cakes if cake["slug"] == "battenberg")
        self.assertEqual(battenberg["price"], "21.50")
        self.assertEqual(battenberg["picture"], "/static/cakes/pictures/battenberg.svg")
        self.assertEqual((battenberg["bake_count"], battenberg["baked_at"]), (0, None))


class EagerTestCase(TestCase):
    """Tasks run within the call that would queue them."""

    def setUp(self):
        app.conf.task_always_eager = True
        self.addCleanup(setattr, app.conf, "task_always_eager", False)


@override_settings(CAKE_BAKE_SECONDS=0, CAKE_DEBUG_ENDPOINTS=False)
class BakeTests(EagerTestCase):
    def test_a_cake_is_baked(self):
        cake = Cake.objects.get(slug="sachertorte")
        for count in (1, 2):
            response = self.client.post(f"/api/cakes/{cake.pk}/bake/")
            self.assertEqual(response.status_code, 202)
            self.assertEqual(response.json()["cake"], cake.pk)
            self.assertRegex(response.json()["task_id"], r"^[0-9a-f-]{36}$")
            cake.refresh_from_db()
            self.assertEqual(cake.bake_count, count)
            self.assertIsNotNone(cake.baked_at)
        self.assertEqual(Cake.objects.filter(bake_count__gt=0).count(), 1)

    def test_only_post_bakes(self):
        self.assertEqual(self.client.get("/api/cakes/1/bake/").status_code, 405)

    def test_no_such_cake(self):
        response = self.client.post("/api/cakes/999/bake/")
        self.assertEqual((response.status_code, response.json()["error"]), (404, "there is no cake 999"))

    def test_seconds_are_for_debugging_only(self):
        cake = Cake.objects.first()
        url = f"/api/cakes/{cake.pk}/bake/?seconds=0.01"
        self.assertEqual(self.client.post(url).json()["seconds"], 0)
        with self.settings(CAKE_DEBUG_ENDPOINTS=True):
            self.assertEqual(self.client.post(url).json()["seconds"], 0.01)
            self.assertEqual(self.client.post(f"{url}x").status_code, 400)


class BrokerDownTests(SimpleTestCase):
    def test_a_broker_that_does_not_answer(self):
        with tempfile.TemporaryDirectory() as folder:
            result = run_python(
                ASK_BAKE,
                SECRET_KEY="for-a-test",
                DATABASE_URL=f"sqlite:///{folder}/db.sqlite3",
                CELERY_BROKER_URL="redis://127.0.0.1:1/0",
            )
        self.assertEqual(
            result.stdout.strip(), "503 the broker does not answer, try again later", result.stderr
        )


class BeatTests(EagerTestCase):
    def test_beats_are_counted(self):
        self.assertEqual(self.client.get("/api/beats/").json(), {"count": 0, "last": None})
        record_beat.delay()
        record_beat.delay()
        answer = self.client.get("/api/beats/").json()
        self.assertEqual(answer["count"], 2)
        self.assertIsNotNone(answer["last"])
        self.assertEqual(Beat.objects.count(), 2)

    def test_the_schedule_names_tasks_that_exist(self):
        app.loader.import_default_modules()
        for entry in app.conf.beat_schedule.values():
            self.assertIn(entry["task"], app.tasks)


class HealthTests(TestCase):
    def test_ok(self):
        response = self.client.get("/health/")
        self.assertEqual((response.status_code, response.content), (200, b"ok"))


class HealthWithoutDatabaseTests(SimpleTestCase):
    def test_a_database_that_cannot_be_opened(self):
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'absent' / 'db.sqlite3'}"
            result = run_python(ASK_HEALTH, SECRET_KEY="for-a-test", DATABASE_URL=url)
        self.assertEqual(result.stdout.strip(), "503 the database does not answer", result.stderr)

    def test_a_database_server_that_refuses(self):
        url = "postgres://baker:flour@127.0.0.1:1/cakes"
        result = run_python(ASK_HEALTH, SECRET_KEY="for-a-test", DATABASE_URL=url)
        self.assertEqual(result.stdout.strip(), "503 the database does not answer", result.stderr)
