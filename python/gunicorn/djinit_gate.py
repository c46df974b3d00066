"""gunicorn's gate: djinit starts gunicorn beside its boot, and lets it load the application when the schema is there.

Run by gunicorn's file where djinit has set DJINIT_GATE_FD, before the application is loaded; all that gunicorn itself needs is
loaded by then. While it waits it loads what nearly every project loads next, in the master: the workers have it from there.
"""

import json
import os
import runpy
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from select import select

paused = runpy.run_path("/usr/local/lib/djinit/djinit_garbage.py")["paused"]

#: These look neither at the settings nor at the database when they are loaded, and start no thread.
LIKELY_MODULES = (
    "django.core.handlers.wsgi",
    "django.db.models",
    "django.forms",
    "django.template.loader",
    "django.template.defaulttags",
    "django.template.loader_tags",
    "django.views.generic",
    "django.core.cache",
    "django.core.management",
    "django.utils.translation.trans_real",
    "psycopg",
    "django.db.backends.postgresql.base",
)
#: They replace what the modules above would have got hold of.
PATCHERS = ("gevent", "eventlet")


def likely_modules() -> Iterator[str]:
    """What to load while there is time."""
    if not any(map(find_spec, PATCHERS)):
        yield from LIKELY_MODULES


def wait() -> None:
    """Return when the gate is opened. Ends the process when djinit has ended without opening it."""
    gate = int(os.environ.pop("DJINIT_GATE_FD"))
    with paused():
        for name in likely_modules():
            if select([gate], [], [], 0)[0]:
                break
            try:
                import_module(name)
            except Exception:  # whatever it is, the application will meet it too, or has no use for the module
                continue
    said = os.read(gate, 65_536)
    os.close(gate)
    if said[:1] != b"1":
        os._exit(0)
    # What the boot has found out meanwhile.
    os.environ.update(json.loads(said[1:] or b"{}"))


wait()
