"""Puts the application's directory on the path of the image's Python: djinit.pth imports this at each start of it.

A project need not be installed to be imported, by whatever is run in the image: celery, `RUN django-admin collectstatic`,
`docker exec C django-admin shell`. The directory comes last, so it hides nothing that is installed. It is the one that djinit
itself would take (src/config/load.ts): DJINIT_APP_DIRECTORY, or the working directory.

Root may be in a directory that the application can write to, and Python asks each directory on its path for names that may
not exist, such as sitecustomize. So root gets none of that kind once djinit runs. While an image is built nobody else is there.
"""

from __future__ import annotations

import os
import sys

DEFAULT = "/app"
#: It is there from djinit's start on.
LOCK = "/run/djinit.lock"
#: Users django, nginx and djinit, and their groups: docker/Dockerfile.
SERVICE_UIDS = range(104, 107)
SERVICE_GIDS = range(105, 108)


class Refusal:
    """The last one to be asked for a module: says why the one in the application's directory is not found."""

    def __init__(self, directory: str) -> None:
        self.directory = directory

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Find nothing, ever."""
        place = os.path.join(self.directory, name)
        if path is None and (os.path.isdir(place) or os.path.isfile(f"{place}.py")):
            print(
                f"djinit: root does not import {name} from {self.directory}, where the application can write: "
                f"run it as user django, by `djinit COMMAND`",
                file=sys.stderr,
            )


def directory() -> str | None:
    """The application's directory; None where this interpreter is to look nowhere but at what is installed."""
    if sys.flags.isolated or getattr(sys.flags, "safe_path", False):
        return None
    named = "" if sys.flags.ignore_environment else os.environ.get("DJINIT_APP_DIRECTORY", "")
    try:
        path = named or os.getcwd()
    except OSError:  # it has been removed
        path = DEFAULT
    return DEFAULT if path == "/" and not named else os.path.normpath(path)


def is_open_to_others(path: str) -> bool:
    """Whether somebody else may put files there, whom this user has no reason to trust."""
    status = os.stat(path)
    if os.geteuid() != 0:
        # Such as /tmp.
        return status.st_mode & 0o1002 == 0o1002
    # Where the container was started as somebody else, this is who everything runs as.
    first = os.stat("/proc/1").st_uid
    by_owner = status.st_uid != 0 and status.st_uid in (*SERVICE_UIDS, first)
    by_group = bool(status.st_mode & 0o020) and status.st_gid in SERVICE_GIDS
    is_running = first != 0 or os.path.exists(LOCK)
    return is_running and (by_owner or by_group or bool(status.st_mode & 0o002))


def add() -> None:
    """Put it last on the path."""
    path = directory()
    if path is None or path in sys.path or not os.path.isdir(path):
        return
    if is_open_to_others(path):
        if os.geteuid() == 0:
            sys.meta_path.append(Refusal(path))
        return
    sys.path.append(path)


# An interpreter must start, whatever is wrong here.
try:  # noqa: SIM105 each start would import contextlib
    add()
except Exception:
    pass
try:
    if os.environ.get("DJINIT_STACKS") and not sys.flags.ignore_environment:
        import djinit_stacks

        djinit_stacks.listen(os.environ["DJINIT_STACKS"])
except Exception:
    pass
