"""Lets uvicorn see at once that one of its processes has ended, as with `--limit-max-requests`. djinit_server.py runs it.

It asks each process whether it lives. Of one that ends just then no answer comes, and it waits for the whole of
`--timeout-worker-healthcheck`: it starts no other, and hears no signal.
"""

import pickle
from multiprocessing.connection import wait
from typing import Any

from uvicorn.supervisors import multiprocess


def health(process: Any, timeout: float) -> Any:
    """What it answers; None where it does not, or has ended."""
    try:
        process.parent_conn.send(b"ping")
        wait([process.parent_conn, process.process.sentinel], timeout)
        if process.parent_conn.poll(0):
            return process.parent_conn.recv()
    except (OSError, EOFError, pickle.UnpicklingError):
        pass
    return None


def ping(process: Any, timeout: float = 5) -> bool:
    """Return whether it answers."""
    return health(process, timeout) is not None


Process: Any = getattr(multiprocess, "Process", None)
if hasattr(Process, "_healthcheck"):
    Process._healthcheck = health
elif hasattr(Process, "ping"):
    Process.ping = ping
