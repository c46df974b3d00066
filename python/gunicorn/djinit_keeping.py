"""Tells nginx that it may keep its connections: where there is one worker, of a class that can.

With several it may not: of those that it has kept, nginx takes the one that it used last, whatever its worker is doing. nginx
looks for the file at each request, so what the master sees once a second holds at once.
"""

import os
from contextlib import suppress
from typing import Any

from djinit_size import can_keep, has_loaded
from gunicorn import version_info

RUN = os.environ.get("DJINIT_RUN_DIRECTORY", "/run")
KEEPS_FILE = f"{RUN}/gunicorn/keeps"
#: From here on no worker drops what comes on a connection that it has kept.
LOSES_NOTHING = (26, 1)
#: nginx closes one that has been idle for a second. It is to be the first: gunicorn's own setting is 2 s.
LEAST_SECONDS = 2


def may_keep(server: Any, version: tuple[int, ...] = version_info) -> bool:
    """Whether exactly one worker serves. After USR2 there are two masters."""
    workers = list(server.WORKERS.values())
    if server.num_workers != 1 or len(workers) != 1 or server.reexec_pid or server.master_pid:
        return False
    return (
        version[:2] >= LOSES_NOTHING and server.cfg.keepalive >= LEAST_SECONDS and has_loaded(workers[0]) and can_keep(workers[0])
    )


def look(server: Any) -> None:
    """Called once a second, in the master."""
    if may_keep(server):
        os.close(os.open(KEEPS_FILE, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644))
    else:
        forget()


def forget() -> None:
    with suppress(FileNotFoundError):
        os.unlink(KEEPS_FILE)


# That of an earlier process.
with suppress(OSError):
    forget()
