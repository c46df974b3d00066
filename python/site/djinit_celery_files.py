"""Keeps celery's own files where it may write them: it works in the application's directory, as gunicorn does.

What the command line says, djinit has made absolute before (src/plan/celery.ts). Here it is what the configuration says, or
does not: celery's own default is a name, to be found in the working directory.
"""

from __future__ import annotations

import os
import sys
from functools import wraps
from typing import Any

from celery import signals

#: Of the configuration, where it names files that a worker writes.
SETTINGS = ("beat_schedule_filename", "worker_state_db")


def keep(directory: str, command: str) -> None:
    """Make relative names mean files in `directory`, for the worker or beat that this process is going to be."""
    if any(word.startswith("--workdir") for word in sys.argv):
        # Who chooses the working directory has chosen that of the files, too.
        return
    if command == "beat":
        from celery.beat import Service

        begin = Service.__init__

        @wraps(begin)
        def begins(self: Any, *args: Any, **kwargs: Any) -> None:
            begin(self, *args, **kwargs)
            # One that is absolute stays what it is.
            self.schedule_filename = os.path.join(directory, self.schedule_filename)

        Service.__init__ = begins
        return

    def place(conf: Any, **_: object) -> None:
        for name in SETTINGS:
            if conf[name]:
                conf[name] = os.path.join(directory, conf[name])

    signals.celeryd_init.connect(place, weak=False)
