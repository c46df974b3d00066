"""How many tasks of Django wait in the database, and for how long: asked by a thread, for the worker may be busy for hours."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.db import connections, transaction
from django.db.models import Case, Count, F, Min, When
from django.db.models.functions import Greatest
from django.utils import timezone
from djinit_report import Report

PERIOD_S = 15.0
#: The database's time for an answer.
MOST_MS = 5_000
MOST_QUEUES = 100


class QueueWatch(threading.Thread):
    """Its connection is its own, and open only while it asks."""

    def __init__(self, model: Any, worker: Any, queues: Sequence[str], report: Report | None) -> None:
        super().__init__(name="djinit-queue-watch", daemon=True)
        self.model = model
        self.worker = worker
        #: Those of the backend, by its settings.
        self.queues = queues
        self.report = report

    def start(self) -> None:
        if self.report is not None:
            super().start()

    def run(self) -> None:
        while True:
            with suppress(Exception):
                self.ask()
            time.sleep(PERIOD_S)

    def ask(self) -> None:
        try:
            rows = self.waiting()
        finally:
            # Connections belong to threads.
            connections.close_all()
        if self.report is None:
            return
        now, now_monotonic = timezone.now(), time.monotonic()
        lengths = {**dict.fromkeys(self.names(), 0), **{queue: length for queue, length, _ in rows}}
        oldest = {queue: now_monotonic - max(0.0, (now - since).total_seconds()) for queue, _, since in rows}
        self.report.facts.update(queues=lengths, waiting=oldest)
        self.report.flush()

    def waiting(self) -> list[tuple[str, int, Any]]:
        """Tasks that could run now: each queue's number, and since when the oldest could."""
        tasks = self.model.objects.ready().filter(backend_name=self.worker.backend_name).order_by()
        if not self.worker.process_all_queues:
            tasks = tasks.filter(queue_name__in=self.worker.queue_names)
        tasks = tasks.exclude(queue_name__in=self.excluded)
        # One that is not deferred has the last of all dates.
        due = Case(When(run_after__lte=timezone.now(), then=Greatest(F("run_after"), F("enqueued_at"))), default=F("enqueued_at"))
        queues = tasks.values_list("queue_name").annotate(length=Count("pk"), since=Min(due)).order_by("queue_name")[:MOST_QUEUES]
        with transaction.atomic(using=queues.db):
            if connections[queues.db].vendor == "postgresql":
                with connections[queues.db].cursor() as cursor:
                    cursor.execute(f"SET LOCAL statement_timeout = {MOST_MS}")
            return list(queues)

    @property
    def excluded(self) -> Sequence[str]:
        return getattr(self.worker, "excluded_queue_names", None) or ()

    def names(self) -> list[str]:
        """Queues that are known even while they are empty."""
        names = self.queues if self.worker.process_all_queues else self.worker.queue_names
        return [name for name in names if name not in self.excluded][:MOST_QUEUES]
