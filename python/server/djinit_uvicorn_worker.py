"""Makes uvicorn answer what it has accepted when it is asked to end.

By itself it closes a connection whose request it has not read yet, and nginx answers 502. Run by djinit_application.py.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from uvicorn.server import Server

#: nginx sends a request as soon as it is connected.
READ_SECONDS = 0.2

Method = Callable[..., Awaitable[None]]


def reading_first(shutdown: Method) -> Method:
    """Accept nothing more, and read what has been accepted."""

    @wraps(shutdown)
    async def shuts_down(self: Any, *args: Any, **kwargs: Any) -> None:
        for server in self.servers:
            server.close()
        await asyncio.sleep(READ_SECONDS)
        await shutdown(self, *args, **kwargs)

    return shuts_down


if not hasattr(Server.shutdown, "__wrapped__"):
    Server.shutdown = reading_first(Server.shutdown)
