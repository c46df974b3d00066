"""Makes granian's worker answer what it has accepted, and close its WebSockets, before it ends. Run by djinit_application.py.

By itself it drops a connection whose request it has not read yet, and nginx answers 502.
"""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from typing import Any

import djinit_sockets
from granian import _signals

#: As in djinit_server.py.
RUN = os.environ.get("DJINIT_RUN_DIRECTORY", "/run")
HELD = f"{RUN}/gunicorn/gunicorn.sock"
#: nginx sends a request as soon as it is connected.
READ_SECONDS = 0.3
#: The loop keeps no task alive.
closing: set[Any] = set()


def listening_at(path: str) -> Iterator[int]:
    """The descriptors of this process for the socket that listens there."""
    for name in os.listdir("/proc/self/fd"):
        # No socket, or closed since it was listed.
        with suppress(OSError), socket.socket(fileno=os.dup(int(name))) as seen:
            if seen.getsockname() == path and seen.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                yield int(name)


def stop_accepting() -> None:
    """Put a socket that nobody connects to in the place of PID 1's. granian's own threads accept until they are told to end."""
    with socket.socket(socket.AF_UNIX) as nobodys:
        # A name of the kernel's.
        nobodys.bind("")
        nobodys.listen()
        nobodys.setblocking(False)
        for number in list(listening_at(HELD)):
            os.dup2(nobodys.fileno(), number, inheritable=False)


def reading_first(set_signals: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Let the worker hear of its end when it has read what it has accepted, and the WebSockets are closed."""

    @wraps(set_signals)
    def sets(loop: Any) -> Any:
        event = set_signals(loop)

        async def close() -> None:
            try:
                stop_accepting()
                await asyncio.gather(asyncio.sleep(READ_SECONDS), djinit_sockets.close_all())
            finally:
                event.set()

        def end() -> None:
            closing.add(asyncio.ensure_future(close(), loop=loop))

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, end)
        return event

    return sets


def reading_first_by_wsgi(set_signals: Callable[[], Any]) -> Callable[[], Any]:
    """The same for a worker without a loop. Its main thread does nothing but wait for its end."""

    @wraps(set_signals)
    def sets() -> Any:
        event = set_signals()

        def end(*_: object) -> None:
            try:
                stop_accepting()
                time.sleep(READ_SECONDS)
            finally:
                event.set()

        _signals.set_main_signals(end)
        return event

    return sets


if not hasattr(_signals.set_loop_signals, "__wrapped__"):
    _signals.set_loop_signals = reading_first(_signals.set_loop_signals)
    _signals.set_sync_signals = reading_first_by_wsgi(_signals.set_sync_signals)
