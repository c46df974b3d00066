"""The channel on which the Django half reports to djinit.

It is a socket of its own, so that nothing that the project prints can be taken for a report. Each report is a JSON text
sequence (RFC 7464: RS, one JSON object, LF): where a signal has cut one short, the RS of the next one tells.
"""

import contextlib
import json
import os
import sys
import threading
from typing import Any


def flush_output() -> None:
    """What was printed before a report is to be read before it."""
    for stream in (sys.stdout, sys.stderr):
        # The project may have put anything there, or have closed it.
        with contextlib.suppress(Exception):
            stream.flush()


class Events:
    """The socket, for as long as this is the process that was given it."""

    def __init__(self, fd: int) -> None:
        # For this process alone: programs and forks of the project's could report by accident, and would keep it open.
        os.set_inheritable(fd, False)
        self.fd: int | None = fd
        self.lock = threading.Lock()
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        """In a fork: it reports nothing."""
        fd, self.fd = self.fd, None
        self.lock = threading.Lock()
        if fd is not None:
            with contextlib.suppress(OSError):
                os.close(fd)

    @property
    def is_forked(self) -> bool:
        """Whether this is not the process that djinit has started."""
        return self.fd is None

    def report(self, event: str, **fields: Any) -> None:
        """Write one report, whole, behind all that was printed before it."""
        flush_output()
        left = memoryview(b"\x1e" + json.dumps({"event": event, **fields}).encode() + b"\n")
        # The thread of the lock reports too.
        with self.lock:
            while left and self.fd is not None:
                left = left[os.write(self.fd, left) :]

    def settle(self) -> None:
        """Return when djinit has taken all that was reported so far: what is printed from now on belongs to the next."""
        if self.fd is not None:
            os.read(self.fd, 1)

    def await_answer(self) -> None:
        """Return when djinit has done what was asked for."""
        if self.fd is None or not os.read(self.fd, 1):
            raise RuntimeError("djinit has not answered")
