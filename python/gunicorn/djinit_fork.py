"""Keeps a stop from being lost in a worker that has just been forked, and a second one from killing a worker that is ending.

gunicorn's configuration runs this file.

A new worker has the master's signal handlers until it has installed its own, after the `post_fork` hooks. They put the signal
into a queue that nobody in the worker reads: such a worker served on until `graceful_timeout` was over, and was killed. Here
the signals are kept until the worker has its own handlers, and are sent again.

While gunicorn reloads, the master sends TERM again to each worker that has not ended yet. Python gives up its handlers before
it takes the modules apart, which may take a second; a TERM that comes then killed the worker, after its work, and gunicorn up to
version 23 says so as an error.
"""

import os
import signal
from functools import wraps
from typing import Any

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

#: What the master sends to its workers. ABRT, which answers a timeout, is not for one that has not come up.
SENT = {signal.SIGTERM, signal.SIGQUIT, signal.SIGINT, signal.SIGUSR1}


class State:
    """Of this process."""

    #: The signal mask from before the fork, while the master forks a worker.
    mask: Any = None
    #: What has come, in a worker that cannot take it yet.
    kept: list[int] = []


def keep(signum: int, _: Any) -> None:
    """Handle a signal that comes too early."""
    State.kept.append(signum)


def begin_worker() -> None:
    """Keep what comes from now on. Nothing that the worker starts or forks inherits anything of it."""
    mask, State.mask = State.mask, None
    if mask is not None:
        for signum in SENT:
            signal.signal(signum, keep)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def take_kept_signals(worker: type[Worker]) -> None:
    """Make workers of this class take what has been kept, once they have their own handlers."""
    original = worker.init_signals

    @wraps(original)
    def init_signals(self: Worker) -> None:
        original(self)
        while State.kept:
            os.kill(os.getpid(), State.kept.pop(0))

    worker.init_signals = init_signals


def keep_signals() -> None:
    """Make the signals of a new worker wait in the kernel until it has the handler that keeps them."""
    original = Arbiter.spawn_worker
    prepared: set[type[Worker]] = set()

    @wraps(original)
    def spawn_worker(self: Arbiter) -> Any:
        worker = self.worker_class
        if worker not in prepared and hasattr(worker, "init_signals"):
            prepared.add(worker)
            take_kept_signals(worker)
        master = os.getpid()
        State.mask = signal.pthread_sigmask(signal.SIG_BLOCK, SENT)
        try:
            return original(self)
        finally:
            # The worker comes by here too, at its end. What is ignored stays so while Python ends.
            if os.getpid() != master:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
            else:
                signal.pthread_sigmask(signal.SIG_SETMASK, State.mask)
                State.mask = None

    os.register_at_fork(after_in_child=begin_worker)
    Arbiter.spawn_worker = spawn_worker


# Once: the configuration is read again by a reload.
if not hasattr(Arbiter.spawn_worker, "__wrapped__"):
    keep_signals()
