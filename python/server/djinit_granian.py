"""Makes granian listen at the socket that PID 1 holds: it takes a path or an address, but no descriptor.

Run by djinit_server.py before granian. The socket that granian has opened at a path of its own becomes PID 1's. And a worker that
has ended is not said to be alive (djinit_ended.py).
"""

import os
from collections.abc import Callable
from functools import wraps
from typing import Any

from djinit_ended import alive
from granian.server.common import AbstractServer
from granian.server.mp import WorkerProcess

#: As in djinit_server.py.
SOCKET_FD = 3


def at_held_socket(opens: Callable[[Any], None]) -> Callable[[Any], None]:
    """Put PID 1's socket in the place of the one that was opened, under the same number."""

    @wraps(opens)
    def opens_held(server: Any) -> None:
        opens(server)
        os.set_blocking(SOCKET_FD, False)
        os.dup2(SOCKET_FD, server._sfd)
        server.bind_uds.unlink(missing_ok=True)

    return opens_held


AbstractServer._init_shared_socket = at_held_socket(AbstractServer._init_shared_socket)
WorkerProcess.is_alive = alive(WorkerProcess.is_alive)
