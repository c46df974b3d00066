"""The report of a worker to djinit: what src/metrics/heartbeat.ts reads.

It is written to one file again and again, as JSON that begins and ends with the same number (`seq`, `end`), so that a reader
knows whether it has read one report or parts of two. When the process has not come round for STALL_S, the C thread of
faulthandler writes its stack beside it, `<path>.stack`: that tells a backend that does not answer from a process that is stuck.
"""

from __future__ import annotations

import faulthandler
import json
import os
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from typing import Any

# What happens between two beats is told at once, but not more often than this.
SHORTEST_PERIOD_S = 0.5
# Longer than any turn of a healthy loop takes.
STALL_S = 10.0
# Names are the project's own, but a label must be bounded.
MOST_TASKS = 100
# Of those that run, for the record of a stop that has killed them.
MOST_RUNNING = 20
MOST_FAILED = 100
BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
ENDS = {"task-succeeded", "task-failed", "task-retried", "task-revoked", "task-rejected", "task-cancelled"}


class Report:
    """The file, and the stack beside it."""

    def __init__(self, path: str, kind: str) -> None:
        self.facts: dict[str, Any] = {"pid": os.getpid(), "kind": kind, "thread": threading.main_thread().ident}
        self.path = path
        self.written_at = 0.0
        self.seq = 0
        self.size = 0
        self.armed = self.armed_before = False
        # For a second thread. A signal's handler may write in the middle of a writing: its thread must not wait for itself.
        self.lock = threading.RLock()
        # In place, not by renaming: that works on a full disk too.
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        self.stack = os.open(f"{path}.stack", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        # A child must not inherit a watchdog whose thread does not exist there.
        os.register_at_fork(before=self.before_fork, after_in_parent=self.after_fork)

    def write(self, **facts: Any) -> None:
        self.facts.update(facts, at=time.monotonic())
        self.written_at = self.facts["at"]
        self.flush()

    def flush(self) -> None:
        """Write what is known, as of the last time that the process has come round."""
        with self.lock, suppress(OSError, ValueError, RuntimeError):
            self.seq += 1
            data = json.dumps({"seq": self.seq, **self.facts, "end": self.seq}).encode()
            self.size = max(self.size, len(data))
            os.pwrite(self.fd, data.ljust(self.size), 0)

    def write_soon(self, **facts: Any) -> None:
        self.facts.update(facts)
        if time.monotonic() - self.written_at >= SHORTEST_PERIOD_S:
            self.write()

    def ready(self) -> None:
        """Tell it by a file beside the report, for the start of the process."""
        with suppress(OSError):
            fd = os.open(f"{self.path}.ready", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
            # A file that was empty is not written by being emptied.
            os.utime(fd)
            os.close(fd)

    def arm(self, more_s: float = 0.0) -> None:
        self.armed = True
        with suppress(OSError, ValueError, RuntimeError):
            if os.fstat(self.stack).st_size:
                os.ftruncate(self.stack, 0)
                os.lseek(self.stack, 0, os.SEEK_SET)
            faulthandler.dump_traceback_later(STALL_S + more_s, file=self.stack)

    def disarm(self) -> None:
        if self.armed:
            self.armed = False
            faulthandler.cancel_dump_traceback_later()

    def before_fork(self) -> None:
        self.armed_before = self.armed
        self.disarm()

    def after_fork(self) -> None:
        if self.armed_before:
            self.arm()


def last_report(path: str) -> dict[str, Any]:
    """What the process before this one has written last; empty if there was none, or if it is not whole."""
    try:
        with open(path, encoding="utf-8") as file:
            facts = json.load(file)
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) and facts.get("seq") == facts.get("end") else {}


class Counts:
    """Counts what this worker's tasks do."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.counts: dict[str, dict[str, int]] = {}
        self.runtimes: dict[str, list[float]] = {}
        self.running: dict[str, tuple[str, float]] = {}
        #: The last that have failed: celery says it twice of one that its time limit has ended.
        self.failed: dict[str, None] = {}
        report.facts.update(tasks=self.counts, runtimes=self.runtimes, buckets=BUCKETS)

    def count(self, event: str, task: str, task_id: str, runtime: float | None = None) -> None:
        if event == "task-failed" and not self.is_first_failure(task_id):
            return
        name = task if task in self.counts or len(self.counts) < MOST_TASKS else "other"
        counts = self.counts.setdefault(name, {})
        counts[event] = counts.get(event, 0) + 1
        if event == "task-started":
            self.failed.pop(task_id, None)
            self.running[task_id] = (name, time.monotonic())
        elif event in ENDS:
            since = self.running.pop(task_id, (name, None))[1]
            if event in ("task-succeeded", "task-failed") and (since is not None or runtime is not None):
                self.observe(name, runtime if runtime is not None else time.monotonic() - (since or 0.0))
        if event == "task-received":
            self.report.facts["idle_since"] = None
        oldest = min(self.running.values(), key=lambda it: it[1], default=None)
        # In the pool `solo` nothing more can be told until the task has ended, and in a worker that ends there is no beat.
        at_once = self.report.facts.get("solo") or self.report.facts.get("state") == "connecting"
        write = self.report.write if at_once else self.report.write_soon
        write(active=len(self.running), oldest=oldest, running=self.longest())

    def is_first_failure(self, task_id: str) -> bool:
        """Whether it is news that the task has failed. It may be run again."""
        if task_id in self.failed:
            return False
        self.failed[task_id] = None
        if len(self.failed) > MOST_FAILED:
            del self.failed[next(iter(self.failed))]
        return True

    def drop(self, ended: Iterable[str]) -> None:
        """Forget tasks of which it is not known how they ended. The next writing tells it."""
        for task_id in ended:
            self.running.pop(task_id, None)
        oldest = min(self.running.values(), key=lambda it: it[1], default=None)
        self.report.facts.update(active=len(self.running), oldest=oldest, running=self.longest())

    def longest(self) -> list[tuple[str, str, float]]:
        """Return name, id and begin of those that run longest: the first in the order of their beginning."""
        return [(name, task_id, since) for task_id, (name, since) in islice(self.running.items(), MOST_RUNNING)]

    def observe(self, name: str, runtime: float) -> None:
        # One counter a bucket, one for what is above them all, and the sum.
        row = self.runtimes.setdefault(name, [0] * (len(BUCKETS) + 1) + [0.0])
        row[next((at for at, bound in enumerate(BUCKETS) if runtime <= bound), len(BUCKETS))] += 1
        row[-1] += runtime
