"""Runs an application by the interface that it has, where the project has left the worker class to gunicorn.

gunicorn's default workers call whatever they load as WSGI: an ASGI application under them is up, and answers every request with
500. Its name does not tell (`app.asgi`, `main:app`), so the worker looks at it once it is loaded. If it is ASGI, the worker goes
on as gunicorn's own `asgi` worker, or as uvicorn's where this gunicorn has none. Run by gunicorn's file.
"""

import os
import runpy
import signal
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from gunicorn.errors import AppImportError

#: gunicorn's own (since 25), and those that a project may have installed. All take the place of the worker that is running.
ASGI_WORKERS = (
    ("gunicorn.workers.gasgi", "ASGIWorker"),
    ("uvicorn_worker", "UvicornWorker"),
    ("uvicorn.workers", "UvicornWorker"),
)
#: gunicorn chooses them by itself: sync, and gthread where there are threads.
CHOSEN_BY_DEFAULT = ("gunicorn.workers.sync", "gunicorn.workers.gthread")

WITH_THREADS = "gunicorn.workers.gthread"
#: What the master sends to its workers, as in djinit_fork.py.
SENT = (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT, signal.SIGUSR1)

taking_what_it_can = runpy.run_path("/usr/local/lib/djinit/djinit_threads.py")["taking_what_it_can"]
speaks_asgi = runpy.run_path("/usr/local/lib/djinit/djinit_speaks.py")["speaks_asgi"]


def asgi_worker() -> Any:
    """Return the class of worker that runs ASGI. Errors: AppImportError where there is none."""
    for module, name in ASGI_WORKERS:
        try:
            kind = getattr(import_module(module), name)
        except ImportError:
            continue
        if module == ASGI_WORKERS[0][0]:
            # Another version of gunicorn may have other attributes: its WebSockets end with its workers then.
            for file in ("djinit_websockets.py", "djinit_asgi_backlog.py"):
                with suppress(ImportError, AttributeError):
                    runpy.run_path(str(Path(__file__).with_name(file)))
        for file in ("djinit_websocket_count.py", "djinit_asgi_database.py"):
            runpy.run_path(str(Path(__file__).with_name(file)))
        return kind
    text = "the application speaks ASGI, and this gunicorn has no worker for it: install gunicorn 25 or later, or uvicorn-worker"
    raise AppImportError(text)


def keep_signals(worker: Any) -> None:
    """Have a worker that has no handlers yet take what comes until it has them. Those of the one before would be told in vain."""
    kept: list[int] = []
    for signum in SENT:
        signal.signal(signum, lambda signum, _: kept.append(signum))
    original = worker.init_signals

    def init_signals() -> None:
        original()
        while kept:
            os.kill(os.getpid(), kept.pop(0))

    worker.init_signals = init_signals


def become(worker: Any, kind: Any) -> None:
    """Run another kind of worker in the place of this one. Returns when it has ended."""
    other = kind(worker.age, worker.ppid, worker.sockets, worker.app, worker.timeout, worker.cfg, worker.log)
    # The master looks at this one to see that the worker lives.
    other.tmp.close()
    other.tmp = worker.tmp
    other.pid = worker.pid
    keep_signals(other)
    # A stop that has come while the application was being loaded.
    other.alive = worker.alive
    try:
        other.init_process()
    finally:
        # The master's status for a worker that cannot begin follows from it.
        worker.booted = other.booted


def by_interface(kind: Any) -> Any:
    """Return a worker class that is `kind` for WSGI."""

    class Worker(kind):  # type: ignore[misc]
        def load_wsgi(self) -> None:
            super().load_wsgi()
            if not speaks_asgi(self.wsgi):
                return
            if self.age == 1:
                self.log.info("The application speaks ASGI: it is run by gunicorn's worker class for it")
            become(self, asgi_worker())
            sys.exit(0)

    Worker.__name__ = Worker.__qualname__ = kind.__name__
    return Worker


def choose(server: Any) -> None:
    """Let the workers of this master choose. Called when it starts and when it reloads."""
    kind = server.worker_class
    if kind.__module__ not in CHOSEN_BY_DEFAULT:
        return
    server.worker_class = by_interface(taking_what_it_can(kind) if kind.__module__ == WITH_THREADS else kind)
