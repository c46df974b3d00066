"""Makes hypercorn answer what it has accepted when it is asked to end, and close its WebSockets and what its client has closed.

By itself it drops a connection whose request it has not read yet, and nginx answers 502. Its limit of a request's head (16 KiB),
which has no option, is below nginx's. Run by djinit_application.py.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import djinit_sockets
from djinit_accepting import stop_accepting
from hypercorn.asyncio import run, tcp_server
from hypercorn.config import Config

#: nginx sends a request as soon as it is connected.
READ_SECONDS = 0.3

# In each process: what is of the class is not passed on to it. A file of the project's that says otherwise wins.
Config.h11_max_incomplete_size = int(os.environ["DJINIT_HEAD_BYTES"])

Method = Callable[..., Awaitable[Any]]
servers: list[Any] = []


def known(start: Method) -> Method:
    """Keep each server that is started."""

    @wraps(start)
    async def starts(*args: Any, **kwargs: Any) -> Any:
        servers.append(await start(*args, **kwargs))
        return servers[-1]

    return starts


def reading_first(shutdown: Method) -> Method:
    """Accept nothing more, and read what has been accepted, before the end begins."""

    @wraps(shutdown)
    async def shuts_down(wait: Callable[[], Awaitable[None]]) -> None:
        async def waits() -> None:
            await wait()
            await stop_accepting(servers)
            await asyncio.gather(asyncio.sleep(READ_SECONDS), djinit_sockets.close_all())

        await shutdown(waits)

    return shuts_down


def ending_with_client(read: Method) -> Method:
    """Do not hold a connection open for the time of a keep-alive when its client has gone. PID 1's probe is such a client."""

    @wraps(read)
    async def reads(self: Any) -> None:
        await read(self)
        await self.idle_task.stop()

    return reads


asyncio.start_server = known(asyncio.start_server)  # type: ignore[assignment]
run.raise_shutdown = reading_first(run.raise_shutdown)
tcp_server.TCPServer._read_data = ending_with_client(tcp_server.TCPServer._read_data)
