"""Ends a celery worker that is told to end, has nothing in hand, and waits for a broker that does not answer.

celery says goodbye to its broker, and waits without an end: for a Redis that stands still, a network that drops packets. It was
killed when the grace period was over, and the container had failed. Who has no task loses nothing by going without.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

log = logging.getLogger("celery.worker")

#: A broker that is merely slow answers sooner.
PATIENCE_S = 5.0
LOOK_S = 0.5
#: The libraries that speak to it.
LIBRARY = re.compile(r"[/\\](kombu|redis|amqp|boto3|botocore)[/\\]")
#: What tells it of a task. With `acks_late` one is acknowledged when celery itself has forgotten it.
ABOUT_TASK = re.compile(r"[/\\]celery[/\\]worker[/\\]request\.py$")


class Farewell(threading.Thread):
    """Looks at the main thread from the signal on. `has_nothing`: whether the worker holds no task."""

    def __init__(self, has_nothing: Callable[[], bool], end: Callable[[int], object] = os._exit) -> None:
        super().__init__(name="djinit-farewell", daemon=True)
        self.has_nothing = has_nothing
        self.end = end
        #: Where it stood last, and since when. The frame is kept: another one would not have its identity.
        self.frame: FrameType | None = None
        self.at = -1
        self.since = 0.0

    def run(self) -> None:
        while not self.is_stuck(sys._current_frames().get(threading.main_thread().ident or 0)):
            time.sleep(LOOK_S)
        log.warning("The broker does not answer: the worker ends without a goodbye, which loses nothing, for it has no task")
        self.end(0)

    def is_stuck(self, frame: FrameType | None) -> bool:
        """Whether the main thread has stood still there for long."""
        if frame is None or frame is not self.frame or frame.f_lasti != self.at:
            self.frame, self.at, self.since = frame, -1 if frame is None else frame.f_lasti, time.monotonic()
            return False
        if time.monotonic() - self.since < PATIENCE_S or not is_in(frame, LIBRARY) or not self.has_nothing():
            return False
        # With the pool `threads` it is another one that acknowledges.
        return not any(is_in(each, ABOUT_TASK) for each in sys._current_frames().values())


def is_in(frame: FrameType | None, files: re.Pattern[str]) -> bool:
    """Whether it, or what has called it, is of such a file."""
    while frame is not None:
        if files.search(frame.f_code.co_filename):
            return True
        frame = frame.f_back
    return False
