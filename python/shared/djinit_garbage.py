"""Pauses Python's garbage collector while much is loaded.

Next to nothing of that is garbage, and to look for it takes a tenth of the time. The boot's Django process,
gunicorn's file and gunicorn's gate use this.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Collect nothing inside; what is there at its end is never looked through again."""
    thresholds = gc.get_threshold()
    gc.set_threshold(0)
    try:
        yield
    finally:
        # Before the thresholds are restored: else the very next object would have all of them looked through, and the
        # workers would copy the memory they are in.
        gc.freeze()
        # Else the application has chosen for itself.
        if gc.get_threshold()[0] == 0:
            gc.set_threshold(*thresholds)
