import os
import unittest

from django.test import SimpleTestCase, override_settings

from cake_service.debug.urls import urlpatterns
from cake_service.tests.environment import run_python

CRASH = """
import django
django.setup()
from django.test import Client
Client().get("/debug/crash/", headers={"host": "localhost"})
print("still here")
"""


def resident_mib() -> float:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024**2


class GateTests(SimpleTestCase):
    @override_settings(CAKE_DEBUG_ENDPOINTS=False)
    def test_all_are_closed_by_default(self):
        self.assertEqual(len(urlpatterns), 6)
        for pattern in urlpatterns:
            self.assertEqual(self.client.get(f"/debug/{pattern.pattern}").status_code, 404)


@override_settings(CAKE_DEBUG_ENDPOINTS=True)
class DebugTests(SimpleTestCase):
    def test_sleep(self):
        self.assertEqual(self.client.get("/debug/sleep/?seconds=0.01").json()["slept_seconds"], 0.01)

    @unittest.skipUnless(os.path.exists("/proc/self/statm"), "needs Linux's /proc")
    def test_allocate_holds_memory_until_told_otherwise(self):
        before = resident_mib()
        self.assertEqual(self.client.get("/debug/allocate/?mb=64").json()["allocated_mb"], 64)
        self.assertGreater(resident_mib() - before, 60)
        self.client.get("/debug/allocate/?mb=0")
        self.assertLess(resident_mib() - before, 30)

    def test_log_writes_numbered_messages_of_the_given_size(self):
        with self.assertLogs("cake_service.debug.views", "INFO") as logs:
            self.client.get("/debug/log/?lines=3&bytes=100")
        messages = [record.getMessage() for record in logs.records]
        self.assertEqual([message[:9] for message in messages], ["00000001 ", "00000002 ", "00000003 "])
        self.assertEqual({len(message) for message in messages}, {100})

    def test_headers_show_what_django_saw(self):
        headers = {"host": "localhost:8000", "x-forwarded-proto": "https", "x-cake": "1"}
        seen = self.client.get("/debug/headers/", headers=headers).json()
        self.assertEqual(seen["scheme"], "https")
        self.assertEqual(seen["host"], "localhost:8000")
        self.assertEqual(seen["remote_address"], "127.0.0.1")
        self.assertEqual(seen["headers"]["X-Cake"], "1")

    def test_traceback(self):
        self.client.raise_request_exception = False
        with self.assertLogs("django.request", "ERROR") as logs:
            self.assertEqual(self.client.get("/debug/traceback/").status_code, 500)
        self.assertIn("RuntimeError: the cake fell on the floor", logs.output[0])
        self.assertIn("The above exception was the direct cause", logs.output[0])

    def test_numbers_have_bounds(self):
        for query in (
            "sleep/?seconds=61",
            "sleep/?seconds=-1",
            "sleep/?seconds=nan",
            "allocate/?mb=4097",
            "allocate/?mb=much",
            "log/?lines=1000001",
            "log/?lines=1&bytes=7",
            "log/?lines=1&bytes=1048577",
        ):
            response = self.client.get(f"/debug/{query}")
            self.assertEqual(response.status_code, 400, query)
            self.assertIn("must be a number from", response.json()["error"])

    def test_crash_ends_the_process(self):
        result = run_python(CRASH, SECRET_KEY="for-a-test", CAKE_DEBUG_ENDPOINTS="1")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
