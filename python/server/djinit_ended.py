"""Whether a child process is there, where two threads wait for it at once, as in granian's main process.

Only one of them gets the status. Until it has noted it, multiprocessing tells the other one that the process lives: granian then
says of a worker that has ended well that it refused to stop.
"""

import os
from collections.abc import Callable
from functools import wraps
from typing import Any


def has_ended(pid: int) -> bool:
    """Whether this child has ended, be it waited for or not."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def alive(believes: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """`is_alive` of a worker of granian's that asks the kernel, too. `inner` is its process."""

    @wraps(believes)
    def is_alive(worker: Any) -> bool:
        return believes(worker) and not has_ended(worker.inner.pid)

    return is_alive
