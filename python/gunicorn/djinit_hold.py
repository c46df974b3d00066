"""Holds who loads the application until the boot is done, and lets it tell the settings that it has imported.

Whoever loads the application imports the settings: a worker, or the master where the project preloads. So nobody else has to,
where djinit must know them. No app is loaded and no database is reached before djinit has let everybody through: Django does
neither but by the functions that are replaced here. Run by djinit_gate.py, where DJINIT_GATE_READER says `holds`.

Where djinit waits for another container's migrations, and need not know the settings, apps are loaded meanwhile, and who reaches
for the database is held (`begin_ahead`).

The first worker tells. Where it cannot, it closes the channel, and djinit imports the settings itself. All wait at the gate. What
is written there is read by none of them, for it is there for all; its end without a word means that djinit has ended.
"""

import contextlib
import fcntl
import json
import mmap
import os
import struct
import sys
import termios
import threading
from functools import wraps
from importlib import import_module
from select import select
from types import ModuleType
from typing import Any

HERE = os.path.dirname(__file__)
#: They say which settings there are. Where the application has set them itself, djinit's steps have others.
CHOOSING = ("DJANGO_SETTINGS_MODULE", "DJANGO_CONFIGURATION")
#: gunicorn ends a worker that says nothing for its `timeout`, of a second at least.
NOTIFY_S = 0.4
#: gunicorn's own status for a worker that cannot load the application: the master ends, too.
WORKER_BOOT_ERROR = 3


class Hold:
    """Of this process; `begin` makes it the master's, and its forks have it from there."""

    gate: int | None = None
    #: The channel of the reports, and the pipe that is told how it went.
    channel: tuple[int, int] | None = None
    #: A byte of the master's and all workers': djinit's word has been taken from the gate. Who comes later finds nothing there.
    taken = mmap.mmap(-1, 1)
    unset: frozenset[str] = frozenset()
    chosen: tuple[str | None, ...] = ()
    worker: Any = None
    #: 1 in a worker.
    depth = 0
    replaced: list[tuple[type, str, Any, Any]] = []
    lock = threading.RLock()


def begin(reader: Any, gate: int) -> bool:
    """Hold from here on. False: this is left to others, for there is no Django to be held."""
    try:
        from django.apps.registry import Apps
        from django.db.backends.base.base import BaseDatabaseWrapper
    except Exception:  # whatever it is, the application will meet it too
        return False
    for fd in (reader.out, reader.err):
        os.close(fd)
    for fd in (reader.events, reader.end):
        os.set_inheritable(fd, False)
    Hold.channel = reader.events, reader.end
    Hold.unset = frozenset(reader.unset)
    Hold.chosen = tuple(map(os.environ.get, CHOOSING))
    replace(Apps, "populate", tells=True)
    hold_at(gate, BaseDatabaseWrapper)
    return True


def begin_ahead(gate: int) -> bool:
    """Hold only who reaches for the database, and who has loaded the application. False: there is no Django to be held."""
    try:
        from django.db.backends.base.base import BaseDatabaseWrapper
    except Exception:  # whatever it is, the application will meet it too
        return False
    hold_at(gate, BaseDatabaseWrapper)
    return True


def hold_at(gate: int, connections: type) -> None:
    """Both have this."""
    os.set_inheritable(gate, False)
    Hold.gate = gate
    replace(connections, "connect", tells=False)
    os.register_at_fork(after_in_parent=has_forked, after_in_child=is_fork)


def replace(kind: type, name: str, tells: bool) -> None:
    """Make a method wait until djinit lets it through."""
    original = getattr(kind, name)

    @wraps(original)
    def held(*args: Any, **kwargs: Any) -> Any:
        pass_gate(tells)
        return original(*args, **kwargs)

    setattr(kind, name, held)
    Hold.replaced.append((kind, name, held, original))


def has_forked() -> None:
    """In the master: the first worker alone has the channel, so that its end closes it."""
    if Hold.depth == 0:
        close_channel()


def is_fork() -> None:
    """In a fork. Those of a worker's have nothing to tell."""
    Hold.depth += 1
    Hold.lock = threading.RLock()
    if Hold.depth > 1:
        close_channel()


def begin_worker(worker: Any) -> None:
    """Gunicorn's `post_fork`."""
    Hold.worker = worker


def loaded() -> None:
    """Called when the application is loaded. One that does not begin with Django may be here without having been held."""
    pass_gate(tells=True)


def pass_gate(tells: bool) -> None:
    """Return when djinit lets through. Ends the process where nobody can any more."""
    if Hold.gate is None:
        return
    with Hold.lock:
        # While the settings are imported they cannot be told: who needs the database for that is not waited for.
        tell() if tells else close_channel()
        if Hold.gate is None:
            return
        while not select([Hold.gate], [], [], NOTIFY_S)[0]:
            if Hold.worker is not None:
                Hold.worker.notify()
        (there,) = struct.unpack("i", fcntl.ioctl(Hold.gate, termios.FIONREAD, bytes(4)))
        if not there and not Hold.taken[0]:
            os._exit(WORKER_BOOT_ERROR)
        forget()


def forget() -> None:
    """There is nothing left to wait for in this process."""
    close_channel()
    if Hold.gate is not None:
        os.close(Hold.gate)
    Hold.gate = None
    while Hold.replaced:
        kind, name, held, original = Hold.replaced.pop()
        # Else somebody has replaced it since.
        if vars(kind).get(name) is held:
            setattr(kind, name, original)


def found() -> None:
    """In the master, when its configuration is read again: take what djinit has said at the gate into the environment."""
    if Hold.gate is not None and select([Hold.gate], [], [], 0)[0]:
        Hold.taken[0] = 1
        said = os.read(Hold.gate, 65_536)
        forget()
        os.environ.update(json.loads(said[1:] or b"{}"))


def close_channel() -> None:
    """Leave it to djinit, unless it has been told."""
    fds, Hold.channel = Hold.channel or (), None
    for fd in fds:
        os.close(fd)


def tell() -> None:
    """Tell what the settings have become, as djinit_setup.py does. What goes wrong is djinit's to find out, and to report."""
    if Hold.channel is None:
        return
    try:
        if tuple(map(os.environ.get, CHOOSING)) == Hold.chosen and not are_begun():
            said = reports()
            # Somebody may have closed it meanwhile.
            if Hold.channel is not None:
                channel, end = Hold.channel
                write(channel, b"".join(b"\x1e" + json.dumps(each).encode() + b"\n" for each in said))
                write(end, b"0")
    except BaseException:  # SystemExit too
        return
    finally:
        close_channel()


def are_begun() -> bool:
    """Whether the settings are in the middle of their import, and not all there."""
    module = sys.modules.get(os.environ.get(CHOOSING[0], ""))
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


def write(fd: int, text: bytes) -> None:
    while text:
        text = text[os.write(fd, text) :]


def reports() -> list[dict[str, Any]]:
    """What djinit takes for the step `read-settings`."""
    import django.conf

    django.conf.settings.INSTALLED_APPS  # noqa: B018 imports them, where nobody has
    environment = {name: value for name, value in os.environ.items() if name not in Hold.unset}
    told = neighbour("djinit_values").told(environment)
    step = {"step": "read-settings"}
    site: list[dict[str, Any]] = []
    with contextlib.suppress(Exception):
        facts = neighbour("djinit_site").site_facts(sys.modules["django.conf"].settings)
        site = [{"event": "site", "facts": facts}]
    return [
        {"event": "program-started"},
        {"event": "step-started", **step},
        *site,
        {"event": "settings", **told},
        {"event": "step-finished", **step},
        {"event": "finished"},
    ]


def neighbour(name: str) -> ModuleType:
    """Import a module of djinit's, which nobody else is to see, nor what it imports of djinit's itself."""
    before = set(sys.modules)
    sys.path.insert(0, HERE)
    try:
        return import_module(name)
    finally:
        sys.path.remove(HERE)
        for new in [*sys.modules]:
            if new not in before and new.startswith("djinit_"):
                sys.modules.pop(new)
