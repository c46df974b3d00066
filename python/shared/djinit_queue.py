"""How long requests waited for a process that takes them: from when nginx had the whole request until the application is called.

Each process counts in a file of its own, which the next one goes on with: counts never become smaller. PID 1 adds the files up.
"""

import fcntl
import os
import struct
import threading
import time
from bisect import bisect_left
from contextlib import suppress

#: Another directory serves a user who may not have the usual one.
DIRECTORY = f"{os.environ.get('DJINIT_RUN_DIRECTORY', '/run')}/gunicorn"
#: As PID 1 has them: src/metrics/histogram.ts.
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
#: A count for each bound, one for longer waits, and the sum of all seconds.
LAYOUT = struct.Struct(f"<{len(BOUNDS) + 2}d")
MOST_FILES = 256


class File:
    """Of this process: its lock ends with it, and then another one may have the file."""

    fd = -1
    pid = 0
    counts: list[float] = []
    lock = threading.Lock()

    @classmethod
    def open(cls) -> None:
        """Take the first that no process has."""
        cls.pid, cls.fd = os.getpid(), -1
        for at in range(MOST_FILES):
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            fd = os.open(f"{DIRECTORY}/{at}.queue", flags, 0o644)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(fd)
                continue
            os.fchmod(fd, 0o644)
            before = os.pread(fd, LAYOUT.size, 0)
            cls.counts = list(LAYOUT.unpack(before)) if len(before) == LAYOUT.size else [0.0] * (len(BOUNDS) + 2)
            cls.fd = fd
            return


def took(since: str) -> None:
    """Count a request that nginx had at `since`, in seconds of the system's clock. Whatever goes wrong, the request goes on."""
    with suppress(OSError, ValueError), File.lock:
        waited = max(0.0, time.time() - float(since))
        # A process that the application has forked is another one.
        if File.pid != os.getpid():
            File.open()
        if File.fd < 0:
            return
        File.counts[bisect_left(BOUNDS, waited)] += 1
        File.counts[-1] += waited
        os.pwrite(File.fd, LAYOUT.pack(*File.counts), 0)
