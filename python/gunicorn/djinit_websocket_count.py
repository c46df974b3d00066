"""Tells PID 1 how many WebSockets a worker has open, and since when the oldest of them is.

A file for each worker that ever has one, written anew with each that comes or goes. Requests pay nothing. Run by gunicorn's file
once the application is loaded, where a worker of gunicorn's own for ASGI or of uvicorn's is in use.
"""

import os
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import wraps
from importlib import import_module
from typing import Any

#: Another directory serves a user who may not have the usual one.
DIRECTORY = f"{os.environ.get('DJINIT_RUN_DIRECTORY', '/run')}/gunicorn"
#: What runs an open WebSocket, where one of these modules is loaded. uvicorn chooses its class by what is installed.
PROTOCOLS = (
    (("gunicorn.workers.gasgi",), "gunicorn.asgi.websocket", "WebSocketProtocol", "run"),
    (
        ("uvicorn_worker", "uvicorn.workers"),
        "uvicorn.protocols.websockets.auto",
        "AutoWebSocketsProtocol",
        "run_asgi",
    ),
)

Method = Callable[..., Awaitable[Any]]

#: Since when each is open, the oldest first: a dict keeps its order.
opened: dict[int, float] = {}


class Report:
    """The file. A master that loads the application has none of its own."""

    fd = -1

    @classmethod
    def write(cls) -> None:
        """Always the same length: what is left of an earlier text would be read as well."""
        with suppress(OSError):
            if cls.fd < 0:
                path = f"{DIRECTORY}/{os.getpid()}.websockets"
                cls.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
                os.fchmod(cls.fd, 0o644)
            oldest = next(iter(opened.values()), 0.0)
            os.pwrite(cls.fd, f"{len(opened):>10} {oldest:>20.3f}\n".encode(), 0)


def counted(run: Method) -> Method:
    """Count each for as long as it runs."""

    @wraps(run)
    async def runs(self: Any, *args: Any, **named: Any) -> Any:
        opened[id(self)] = time.monotonic()
        Report.write()
        try:
            return await run(self, *args, **named)
        finally:
            opened.pop(id(self), None)
            Report.write()

    runs.counts = True  # type: ignore[attr-defined]
    return runs


def count() -> None:
    """Count those of the servers that are loaded. Another version may have other names: it is not counted then."""
    for loaded, module, name, method in PROTOCOLS:
        if not any(it in sys.modules for it in loaded):
            continue
        with suppress(Exception):
            kind = getattr(import_module(module), name)
            run = getattr(kind, method)
            # Once: a reload reads this again.
            if not is_counted(run):
                setattr(kind, method, counted(run))


def is_counted(run: Any) -> bool:
    """Return whether it, or what it wraps, counts already."""
    while run is not None:
        if getattr(run, "counts", False):
            return True
        run = getattr(run, "__wrapped__", None)
    return False


count()
