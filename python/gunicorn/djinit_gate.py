"""gunicorn's gate: djinit starts gunicorn beside its boot, and lets it load the application when the schema is there.

Run by gunicorn's file where djinit has set DJINIT_GATE_FD, before the application is loaded; all that gunicorn itself needs is
loaded by then. While it waits it loads what nearly every project loads next, in the master: the workers have it from there.
Where djinit has to know the settings, a fork imports them for it (djinit_reader.py), or who loads the application: then that one
waits instead of this process (djinit_hold.py). So it does where djinit waits for another container, and says so here.
"""

import json
import os
import runpy
import sys
from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from select import select
from typing import Any

paused = runpy.run_path("/usr/local/lib/djinit/djinit_garbage.py")["paused"]

likely = runpy.run_path("/usr/local/lib/djinit/djinit_likely.py")

HOLD = "djinit_hold"
#: djinit waits for another container: src/boot/gunicorn/early.ts.
AHEAD = b"a"
#: They replace what the likely modules would have got hold of.
PATCHERS = ("gevent", "eventlet")


def are_patched() -> bool:
    """Whether nothing may be loaded before the application."""
    return any(map(find_spec, PATCHERS))


def is_open(gate: int) -> bool:
    """Whether somebody has written there, or nobody can any more."""
    return bool(select([gate], [], [], 0)[0])


def load(names: Iterable[str], gate: int) -> None:
    """Load them, for as long as there is time."""
    # A module that asks for the settings must find none.
    settings = os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    try:
        for name in names:
            if is_open(gate):
                break
            try:
                import_module(name)
            except Exception:  # whatever it is, the application will meet it too, or has no use for the module
                continue
    finally:
        if settings is not None:
            os.environ["DJANGO_SETTINGS_MODULE"] = settings


def reader_of(gate: int) -> Any:
    """What is to import the settings, if anything is."""
    if "DJINIT_GATE_READER" not in os.environ:
        return None
    return runpy.run_path("/usr/local/lib/djinit/djinit_reader.py")["asked_for"](gate)


def hold(reader: Any, gate: int) -> bool:
    """Whether who loads the application waits, and tells the settings, instead of this process and a fork of it."""
    return reader is not None and reader.holds and bool(load_hold().begin(reader, gate))


def load_hold() -> Any:
    """Kept: gunicorn's file calls it, and reads itself again at a reload."""
    spec: Any = spec_from_file_location(HOLD, os.path.join(os.path.dirname(__file__), f"{HOLD}.py"))
    module: Any = module_from_spec(spec)
    sys.modules[HOLD] = module
    spec.loader.exec_module(module)
    return module


def watch(reader: Any, gate: int) -> None:
    """Return when the gate is open. The reader's end is told when it comes; who opens the gate needs no reader any more."""
    while reader.pid and not is_open(gate):
        if reader.pidfd in select([gate, reader.pidfd], [], [])[0]:
            reader.tell()
    reader.kill()


def wait() -> None:
    """Return when the gate is opened. Ends the process when djinit has ended without opening it."""
    gate = int(os.environ.pop("DJINIT_GATE_FD"))
    reader = reader_of(gate)
    if not are_patched():
        with paused():
            if reader is not None:
                load(likely["loadable"](reader.loads), gate)
                if hold(reader, gate):
                    load(likely["MODULES"], gate)
                    return
                reader.fork()
            load(likely["MODULES"], gate)
    elif reader is not None:
        reader.decline()
    if reader is not None:
        watch(reader, gate)
    said = os.read(gate, 65_536)
    if said == AHEAD:
        if not are_patched() and load_hold().begin_ahead(gate):
            return
        said += os.read(gate, 65_536)
    os.close(gate)
    said = said.removeprefix(AHEAD)
    if said[:1] != b"1":
        os._exit(0)
    # What the boot has found out meanwhile.
    os.environ.update(json.loads(said[1:] or b"{}"))


wait()
