"""Lets every Python process of a service say where its threads are: `djinit dump` asks each of them by a signal.

djinit_path imports this where djinit has set DJINIT_STACKS, the path of the file that the answer goes to. The handler is
faulthandler's, in C: it answers too where the interpreter waits in a library, and runs no code of the project's. Child
processes have it from their parent, and the file too: they are asked one after the other.
"""

from __future__ import annotations

import faulthandler
import os

#: SIGRTMIN + 10, which neither the web servers nor celery use: src/cli/dump/stacks.ts.
SIGNAL = 44
#: Far from those that a program closes or gives away: what it opened under the number would get the stacks.
FAR = 900


def listen(path: str) -> int:
    """Answer the signal from now on; return the descriptor of the file."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    fd = moved(fd)
    faulthandler.register(SIGNAL, file=fd, all_threads=True, chain=False)
    return fd


def moved(fd: int) -> int:
    """Return the descriptor under the far number, if that is free and allowed."""
    try:
        os.fstat(FAR)
    except OSError:
        try:
            os.dup2(fd, FAR, inheritable=False)
        except OSError:
            return fd
        os.close(fd)
        return FAR
    return fd
