"""Has the master start a worker in the place of one that is leaving, and not only when that one has gone. Loaded once.

A worker that has been told to end (by a reload, by TTOU), or that ends by `max_requests`, takes nothing new. It may have a
request in hand for long, such as a stream or an export. gunicorn counts it until it has gone: where its successor ends meanwhile,
or where it is the only worker, nobody answers for up to `graceful_timeout`.

From 25 on gunicorn's master waits within a reload until the old workers have gone, for as long. It starts none and ends none
meanwhile, and hears no signal. It does so to send TERM to none of them twice, which does no harm here (djinit_fork.py).
"""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from djinit_size import is_leaving, leaves
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

#: A name in `reload` of those that wait.
WAITS = "last_worker_age"

Method = Callable[..., Any]


class DoneError(Exception):
    """A reload is over, but for waiting."""


class State:
    """Of this process. A worker that a reload has started has it from the master."""

    reloading = 0


def marking(kill: Method) -> Method:
    """Know who has been told to end. By itself a worker that is busy could not say so."""

    @wraps(kill)
    def kills(self: Any, pid: int, sig: int) -> Any:
        if sig == signal.SIGTERM and pid in self.WORKERS:
            self.WORKERS[pid].djinit_leaving = True
        return kill(self, pid, sig)

    return kills


def telling(notify: Method) -> Method:
    """Have a worker that has begun to end by itself tell the master. It notifies until it has gone."""

    @wraps(notify)
    def notifies(self: Any) -> Any:
        if not self.alive:
            leaves()
        return notify(self)

    return notifies


def successors(server: Any) -> int:
    """Return how many workers are missing. No more leave at a time than there are to be: the others are waited for."""
    leaving = [worker for worker in list(server.WORKERS.values()) if is_leaving(worker)]
    for worker in leaving:
        # Where there are too many the master ends the oldest.
        worker.age = 0
    workers, wanted = len(server.WORKERS), int(server.num_workers)
    return min(wanted - (workers - len(leaving)), 2 * wanted - workers)


def with_successors(manage: Method) -> Method:
    """Start what is missing before gunicorn counts."""

    @wraps(manage)
    def manages(self: Any) -> Any:
        missing = 0
        with suppress(Exception):
            missing = successors(self)
        for _ in range(missing):
            # In the child this does not return.
            self.spawn_worker()
        return manage(self)

    return manages


def going_on(reload: Method, reap: Method) -> tuple[Method, Method]:
    """Return the two, such that the first returns where it would begin to wait: it reaps there, and nowhere else."""

    @wraps(reload)
    def reloads(self: Any) -> Any:
        State.reloading = os.getpid()
        try:
            return reload(self)
        except DoneError:
            return None
        finally:
            State.reloading = 0

    @wraps(reap)
    def reaps(self: Any) -> Any:
        reap(self)
        if State.reloading == os.getpid():
            raise DoneError

    return reloads, reaps


def let_master_go_on() -> None:
    Arbiter.kill_worker = marking(Arbiter.kill_worker)
    Arbiter.manage_workers = with_successors(Arbiter.manage_workers)
    Worker.notify = telling(Worker.notify)
    if WAITS in Arbiter.reload.__code__.co_varnames:
        Arbiter.reload, Arbiter.reap_workers = going_on(Arbiter.reload, Arbiter.reap_workers)


# Loaded once.
let_master_go_on()
