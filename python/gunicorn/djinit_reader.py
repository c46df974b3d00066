"""Imports the settings for djinit in a fork of gunicorn's process, which has loaded most of what they import.

djinit asks for it by DJINIT_GATE_READER where it will have to know what the settings have become, and would start a Python of its
own otherwise. The fork does what that one would do, with its environment, its output and its channel. gunicorn's process itself
never imports the settings: its workers would inherit them, and a reload would not read them again.
"""

import contextlib
import json
import os
import signal
import sys
import traceback
from importlib import import_module
from typing import Any, NoReturn

PROGRAM = "/usr/local/lib/djinit/djinit_setup.py"
VARIABLE = "DJINIT_GATE_READER"
FIRST_FD = 3


class Reader:
    """What djinit has asked for. `gate` is the descriptor that the fork has no use for."""

    def __init__(self, asked: dict[str, Any], gate: int) -> None:
        self.out, self.err, self.events, self.end = asked["fds"]
        self.unset: list[str] = asked["unset"]
        #: What the settings have loaded when the manifest was made.
        self.loads: list[str] = asked["loads"]
        #: Who loads the application is to do it (djinit_hold.py).
        self.holds: bool = asked.get("holds", False)
        self.gate = gate
        self.pid = 0
        #: Readable when the fork has ended.
        self.pidfd = -1

    def fork(self) -> None:
        """Begin to read. Where that cannot be, djinit sees the channel closed and starts a Python of its own."""
        try:
            self.pid = os.fork()
            if self.pid == 0:
                self.read()
            self.pidfd = os.pidfd_open(self.pid)
        except OSError:
            self.kill() if self.pid else os.close(self.end)
        for fd in (self.out, self.err, self.events):
            os.close(fd)

    def decline(self) -> None:
        """Leave it to djinit."""
        for fd in (self.out, self.err, self.events, self.end):
            os.close(fd)

    def read(self) -> NoReturn:
        """What the fork does: what djinit_setup.py does where it is a program."""
        try:
            # The sockets of the application, and the gate.
            os.closerange(FIRST_FD, self.gate + 1)
            os.close(self.end)
            for fd, number in ((self.out, 1), (self.err, 2)):
                os.dup2(fd, number)
                os.close(fd)
            for name in self.unset:
                os.environ.pop(name, None)
            sys.argv[:] = [PROGRAM, json.dumps({"eventsFd": self.events}), "read-settings"]
            sys.path.insert(0, os.path.dirname(PROGRAM))
            import_module("djinit_setup").start()
        except BaseException:  # it must never become a second gunicorn
            traceback.print_exc()
        finally:
            os._exit(1)

    def kill(self) -> None:
        """End the fork, if it runs."""
        if self.pid > 0:
            os.kill(self.pid, signal.SIGKILL)
            self.tell()

    def tell(self) -> None:
        """Tell djinit how the fork has ended: its status, or the number of the signal with a minus."""
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        # djinit may have gone, or does not want to know.
        with contextlib.suppress(OSError):
            os.write(self.end, str(os.waitstatus_to_exitcode(status)).encode())
        os.close(self.end)
        if self.pidfd >= 0:
            os.close(self.pidfd)


def asked_for(gate: int) -> Reader | None:
    """The reader that djinit has asked for. Its variable is taken out of the environment."""
    asked = os.environ.pop(VARIABLE, None)
    return None if asked is None else Reader(json.loads(asked), gate)
