"""Ends the accepting of connections, without the loss of one that has just been accepted.

asyncio makes a connection's transport one turn of its loop after it has accepted it. A server that has been closed in between
gets none: the connection is dropped without a word, and nginx answers 502.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

#: The transport is made in the first, and the protocol hears of it in the second.
TURNS = 2


async def stop_accepting(servers: Iterable[Any]) -> None:
    """Accept nothing more. What has been accepted has its protocol when this returns."""
    loop = asyncio.get_running_loop()
    for server in servers:
        # A loop of another kind (uvloop) knows no reader here, and makes the transport as soon as it has accepted.
        if not all(loop.remove_reader(held.fileno()) for held in server.sockets):
            server.close()
    for _ in range(TURNS):
        await asyncio.sleep(0)
