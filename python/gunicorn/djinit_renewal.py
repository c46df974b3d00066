"""Renews workers that hold too much memory. Loaded once by gunicorn's file.

One that holds more than DJINIT_WORKER_MAX_MEMORY, in bytes; and where PID 1 says that the container's memory is full
(DJINIT_MEMORY_GUARD), the largest of those that have grown.

The master looks, not the worker: so it is the same for every class of worker, and for one that is busy. Its TERM is the one
of a reload: the worker ends what it has begun, and another takes what comes.
"""

import json
import os
import signal
import time
from contextlib import suppress
from functools import wraps
from typing import Any

import djinit_keeping
from djinit_size import has_loaded, is_leaving, last_request, sizing
from gunicorn.arbiter import Arbiter

#: None where it is 0.
LIMIT = int(os.environ.get("DJINIT_WORKER_MAX_MEMORY", "0"))
MIB = 1024 * 1024
PAGE = os.sysconf("SC_PAGE_SIZE")
#: One that is larger so soon has not leaked: it needs as much, and others would be no better. Also the time that a new worker
#: has before the next one is renewed.
YOUNG_S = 5.0
#: How often workers are renewed that need more than the limit.
SELDOM_S = 60.0
#: How long one may take to end before the next one is renewed.
PATIENCE_S = 60.0
#: The guard renews no worker that is hardly larger than they all are at their start: another one would be as large.
GROWN = 1.25
GROWN_BYTES = 16 * MIB


def say(level: str, text: str, **fields: Any) -> None:
    """Put a record into the log: PID 1 reads the master's lines."""
    with suppress(OSError, ValueError):
        print(json.dumps({"level": level, "msg": text, **fields}), flush=True)


def resident(pid: int) -> int:
    """Return how much memory a process holds, in bytes; 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * PAGE
    except (OSError, IndexError, ValueError):
        return 0


def in_mib(size: float) -> str:
    return f"{size / MIB:.0f} MiB"


class Renewal:
    """What is known of the workers, by their PIDs. One is renewed at a time: the others go on serving."""

    def __init__(self) -> None:
        self.since: dict[int, float] = {}
        self.leaving: dict[int, float] = {}
        #: Those that were too large when they were young; False of those that were not.
        self.needs_more: dict[int, bool] = {}
        self.last_at = float("-inf")
        self.has_warned = False
        #: What a worker holds that has loaded the application: the least that was seen.
        self.usual = float("inf")
        #: The last word of PID 1 that was heard.
        self.relief: int | None = None

    def look(self, server: Any, now: float) -> None:
        """Renew a worker, if it is time. Called once a second."""
        self.leaving = {pid: at for pid, at in self.leaving.items() if pid in server.WORKERS}
        if LIMIT:
            self.renew_above_limit(server, now)
        self.guard(server, now)

    def guard(self, server: Any, now: float) -> None:
        """Renew the largest worker that has grown, if PID 1 has asked for it since the last look."""
        told = sizing.read() or {}
        loaded = {pid: resident(pid) for pid, worker in server.WORKERS.items() if has_loaded(worker)}
        self.usual = min([self.usual, *filter(None, loaded.values())])
        relief = told.get("relief", 0)
        before, self.relief = self.relief, relief
        if before is None or relief <= before:
            return
        least = max(GROWN * self.usual, self.usual + GROWN_BYTES)
        grown = {pid: size for pid, size in loaded.items() if size > least and self.stays(server, pid)}
        if not grown:
            return
        pid = max(grown, key=lambda pid: grown[pid])
        last = last_request(server.WORKERS[pid])
        text = (
            f"worker {pid} is renewed: it is the largest, with {in_mib(grown[pid])}, and the container's memory is full,"
            f" {in_mib(told['usageBytes'])} of {in_mib(told['memoryBytes'])} (DJINIT_MEMORY_GUARD)"
        )
        say(
            "warn",
            text if last is None else f"{text}; its last request was {last}",
            worker=pid,
            size_bytes=grown[pid],
            memory_usage_bytes=told["usageBytes"],
            memory_limit_bytes=told["memoryBytes"],
            **({} if last is None else {"last_request": last}),
        )
        self.leaving[pid] = now
        # Its successor is started when it has gone: there is no memory for both.
        server.WORKERS[pid].djinit_alone = True
        server.kill_worker(pid, signal.SIGTERM)

    def renew_above_limit(self, server: Any, now: float) -> None:
        workers = server.WORKERS
        self.since = {pid: self.since.get(pid, now) for pid in workers}
        self.needs_more = {pid: more for pid, more in self.needs_more.items() if pid in workers}
        sizes = {pid: resident(pid) for pid in workers if now - self.since[pid] >= YOUNG_S and self.stays(server, pid)}
        for pid, size in sizes.items():
            if self.needs_more.setdefault(pid, size > LIMIT):
                self.warn(pid, size)
        if now - self.last_at < YOUNG_S or any(now - at < PATIENCE_S for at in self.leaving.values()):
            return
        too_large = [pid for pid in sizes if sizes[pid] > LIMIT and now - self.since[pid] >= self.least_age(pid)]
        if too_large:
            self.renew(server, max(too_large, key=lambda pid: sizes[pid]), sizes, now)

    def stays(self, server: Any, pid: int) -> bool:
        """Whether it would not end anyhow. A second TERM says nothing to one that has a long request in hand."""
        return pid not in self.leaving and not is_leaving(server.WORKERS[pid])

    def least_age(self, pid: int) -> float:
        return SELDOM_S if self.needs_more[pid] else YOUNG_S

    def warn(self, pid: int, size: int) -> None:
        if self.has_warned:
            return
        self.has_warned = True
        text = (
            f"worker {pid} holds {in_mib(size)} soon after its start, more than DJINIT_WORKER_MAX_MEMORY ({in_mib(LIMIT)}):"
            " it is renewed once a minute, which gains nothing; allow more"
        )
        say("warn", text, worker=pid, size_bytes=size, limit_bytes=LIMIT)

    def renew(self, server: Any, pid: int, sizes: dict[int, int], now: float) -> None:
        age = round(now - self.since[pid], 1)
        text = f"worker {pid} is renewed: it holds {in_mib(sizes[pid])}, and DJINIT_WORKER_MAX_MEMORY is {in_mib(LIMIT)}"
        say("info", text, worker=pid, size_bytes=sizes[pid], limit_bytes=LIMIT, age_seconds=age)
        self.leaving[pid] = self.last_at = now
        # While there is one too many the master ends the oldest, as after a reload: it is to be this one.
        server.WORKERS[pid].age = 0
        server.kill_worker(pid, signal.SIGTERM)
        # At once, for this one may take its time. In the child this does not return.
        server.spawn_worker()


def let_master_look() -> None:
    """Look at the workers, and at how many there are to be, where the master looks for those that hang: once a second."""
    murder_workers = Arbiter.murder_workers
    renewal = Renewal()

    @wraps(murder_workers)
    def looks(self: Any) -> Any:
        with suppress(Exception):
            sizing.look(self, time.monotonic())
        with suppress(Exception):
            renewal.look(self, time.monotonic())
        with suppress(Exception):
            djinit_keeping.look(self)
        return murder_workers(self)

    Arbiter.murder_workers = looks


# Loaded once.
let_master_look()
