import os
import tempfile
import unittest
from pathlib import Path
from queue import Empty

from django.test import SimpleTestCase
from kombu import Connection, Consumer, Queue

from cake_service.broker import Transport


class BrokerTests(SimpleTestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.broker = Path(folder.name) / "broker"
        self.queue = Queue("oven", routing_key="oven")

    def connect(self) -> Connection:
        connection = Connection(
            transport=Transport,
            transport_options={
                "data_folder_in": str(self.broker / "messages"),
                "data_folder_out": str(self.broker / "messages"),
                "control_folder": str(self.broker / "exchanges"),
            },
        )
        self.addCleanup(connection.release)
        return connection

    def send(self, *bodies: str) -> None:
        producer = self.connect().Producer()
        for body in bodies:
            producer.publish(
                body,
                exchange=self.queue.exchange,
                routing_key="oven",
                declare=[self.queue],
                serializer="json",
            )

    def test_messages_pass_in_order_from_one_connection_to_another(self):
        self.send("sacher", "battenberg")
        received = []

        def take(body, message):
            received.append(body)
            message.ack()

        connection = self.connect()
        with Consumer(connection, [self.queue], callbacks=[take], accept=["json"]):
            while len(received) < 2:
                connection.drain_events(timeout=5)
        self.assertEqual(received, ["sacher", "battenberg"])
        self.assertEqual(list((self.broker / "messages").iterdir()), [])

    def test_a_message_is_taken_once(self):
        self.send("sacher")
        first, second = self.connect().channel(), self.connect().channel()
        self.assertIsNotNone(first._get("oven"))
        with self.assertRaises(Empty):
            second._get("oven")

    def test_a_message_in_the_making_is_not_seen(self):
        channel = self.connect().channel()
        (self.broker / "messages" / "1_a.oven.draft").write_text("")
        with self.assertRaises(Empty):
            channel._get("oven")

    def test_the_folders_can_be_entered_whatever_the_umask(self):
        old = os.umask(0o117)
        try:
            self.send("sacher")
        finally:
            os.umask(old)
        for folder in (self.broker, self.broker / "messages", self.broker / "exchanges"):
            self.assertEqual(folder.stat().st_mode & 0o777, 0o750)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_what_root_writes_belongs_to_the_owner_of_the_folder(self):
        os.chown(self.broker.parent, 104, 107)
        self.send("sacher")
        for path in self.broker.rglob("*"):
            self.assertEqual((path.stat().st_uid, path.stat().st_gid), (104, 107), path)
