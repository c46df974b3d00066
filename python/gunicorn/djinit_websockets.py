"""Make gunicorn's own ASGI worker close its WebSockets when it is asked to end.

By itself it waits for them as for requests, for the whole of `graceful_timeout`, and drops them then without a word.
uvicorn's worker closes them by itself, with the same code. Read by `/etc/gunicorn/config.py` where that worker is used.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import wraps
from typing import Any
from weakref import WeakSet

from gunicorn.asgi.websocket import WebSocketProtocol
from gunicorn.workers.gasgi import ASGIWorker

# «Service restart»: clients connect again, after a moment.
SERVICE_RESTART = 1012
# Those whose handshake is not over yet are closed as soon as it is.
PERIOD_SECONDS = 0.1
# A client that has gone without a word does not answer.
ANSWER_SECONDS = 2.0

Method = Callable[..., Awaitable[None]]

# Those that are open here, and since when an answer to the close frame is waited for.
sockets: WeakSet[Any] = WeakSet()
asked_at: dict[int, float] = {}


def tracked(run: Method) -> Method:
    """Know each WebSocket as long as it is open."""

    @wraps(run)
    async def runs(self: WebSocketProtocol) -> None:
        sockets.add(self)
        try:
            await run(self)
        finally:
            sockets.discard(self)
            asked_at.pop(id(self), None)

    return runs


async def close(socket: Any) -> None:
    """Ask the client to close; give it up if it does not answer."""
    now = asyncio.get_running_loop().time()
    if not socket.accepted or socket.closed:
        return
    if now - asked_at.setdefault(id(socket), now) >= ANSWER_SECONDS:
        socket.feed_eof()
    else:
        await socket._send_close(SERVICE_RESTART)


async def close_all() -> None:
    """Close what is open. A newer gunicorn may have other attributes: then things are as they were without this."""
    with suppress(Exception):
        await asyncio.gather(*map(close, list(sockets)), return_exceptions=True)


async def go_on_closing() -> None:
    """Close what comes, and give up what does not answer."""
    while True:
        await asyncio.sleep(PERIOD_SECONDS)
        await close_all()


def closing_first(shutdown: Method) -> Method:
    """Close the WebSockets before the worker waits for what is open, and let the master know that it takes nothing new."""

    @wraps(shutdown)
    async def shuts_down(self: ASGIWorker) -> None:
        size: Any = sys.modules.get("djinit_size")
        if size is not None:
            size.leaves()
        await close_all()
        closing = asyncio.ensure_future(go_on_closing())
        try:
            await shutdown(self)
        finally:
            closing.cancel()

    return shuts_down


# Once: a reload reads this again.
if hasattr(ASGIWorker, "_shutdown") and not hasattr(ASGIWorker._shutdown, "__wrapped__"):
    ASGIWorker._shutdown = closing_first(ASGIWorker._shutdown)
    WebSocketProtocol.run = tracked(WebSocketProtocol.run)
