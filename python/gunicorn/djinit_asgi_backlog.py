"""Makes gunicorn's own ASGI worker keep the queue of its sockets as long as `backlog` says.

asyncio listens again, by itself with a queue of 100. The socket is one for all workers and for PID 1, so that would be
everybody's: as soon as a hundred connections wait in a unix socket, nginx is refused and answers 502. Run by gunicorn's file,
where that worker is used.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial, wraps
from typing import Any

from gunicorn.workers.gasgi import ASGIWorker

Method = Callable[[Any], Awaitable[None]]


def with_backlog(serve: Method) -> Method:
    """Have the worker's loop listen as gunicorn's master does."""

    @wraps(serve)
    async def serves(self: Any) -> None:
        # A loop of another kind may not allow it: then things are as they were without this.
        with suppress(AttributeError):
            self.loop.create_server = partial(self.loop.create_server, backlog=self.cfg.backlog)
        await serve(self)

    return serves


# Once: a reload reads this again.
if hasattr(ASGIWorker, "_serve") and not hasattr(ASGIWorker._serve, "__wrapped__"):
    ASGIWorker._serve = with_backlog(ASGIWorker._serve)
