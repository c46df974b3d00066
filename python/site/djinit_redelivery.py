"""Tells of a task that its broker gives to another worker too, although this one has it: the task is run twice, or oftener.

Redis knows no worker. What nobody has acknowledged within the visibility timeout (an hour, unless the project says otherwise) is
given out again. A worker acknowledges a task when its time has come (`eta`, `countdown`), and with `acks_late` when it has ended.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

log = logging.getLogger("celery.worker")

#: kombu's own.
DEFAULT_S = 3600.0


class Redelivery:
    """Of one worker. Each kind of task is told of once."""

    def __init__(self, app: Any) -> None:
        self.app = app
        #: After how many seconds the broker gives a task out again; None where it sees whether its worker is there.
        self.limit: float | None = None
        self.told: set[str] = set()
        # A transport that lacks its package is the worker's own fault.
        with suppress(Exception):
            if app.connection_for_read().transport.driver_type == "redis":
                self.limit = float((app.conf.broker_transport_options or {}).get("visibility_timeout") or DEFAULT_S)

    def received(self, request: Any) -> None:
        """Look at one that has just come."""
        if self.limit is None or request.eta is None:
            return
        seconds = (request.eta - datetime.now(timezone.utc)).total_seconds()
        if seconds > self.limit:
            self.tell(request.name, f"its time comes in {seconds:.0f} s, and until then it is given to a worker again and again")

    def runs(self, name: str, since: float) -> None:
        """Look at one that runs."""
        if self.limit is not None and getattr(self.app.tasks.get(name), "acks_late", False):
            seconds = time.monotonic() - since
            if seconds > self.limit:
                self.tell(name, f"it has acks_late and has run for {seconds:.0f} s, and another worker is given it too")

    def tell(self, name: str, why: str) -> None:
        if name in self.told:
            return
        self.told.add(name)
        log.warning(
            "Task %s may be run more than once: Redis waits %.0f s for its worker (visibility_timeout), but %s; set another one "
            "in broker_transport_options, or give the task less time",
            name,
            self.limit,
            why,
        )
