"""Beat ends between two ticks, and not in the middle of one.

celery's handler of TERM closes the schedule, since 5.7 also the connection to the broker, and raises SystemExit wherever the
program is. In a tick that cuts a task that is being sent: nobody knows whether it has been. Libraries replace the exception by
one of their own (redis-py, as it puts its buffer in order), and Python drops it in a `__del__` or a weak reference's callback:
beat would go on with a closed schedule, and fail.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

#: How long a tick may go on after the signal. A broker that does not answer must not take a whole grace period.
PATIENCE_S = 2.0


class End:
    """Of one beat service."""

    def __init__(self, service: Any) -> None:
        self.service = service
        self.in_tick = False
        #: What is to be done after the tick.
        self.told: Callable[[], Any] | None = None
        self.timer: threading.Timer | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            celerys = signal.getsignal(number)
            # A beat inside a worker has no handler, or is no main thread.
            if callable(celerys):
                with suppress(ValueError):
                    signal.signal(number, partial(self.hear, celerys))

    def hear(self, celerys: Callable[..., Any], number: int, frame: Any) -> None:
        """Wait for the end of the tick. A second signal does not wait."""
        if not self.in_tick or self.told is not None:
            celerys(number, frame)
            return
        self.told = partial(celerys, number, None)
        self.timer = threading.Timer(PATIENCE_S, os.kill, (os.getpid(), number))
        self.timer.daemon = True
        self.timer.start()

    @contextmanager
    def tick(self) -> Iterator[None]:
        """Within it, the first signal waits. SystemExit: beat has been told to end."""
        self.end_if_told()
        self.in_tick = True
        try:
            yield
        except Exception:
            self.leave()
            raise
        self.leave()

    def leave(self) -> None:
        self.in_tick = False
        self.end_if_told()

    def end_if_told(self) -> None:
        """Also where celery's own handler has been, and its exception was lost."""
        if self.timer is not None:
            self.timer.cancel()
        if self.told is not None:
            self.told()
        stopped = getattr(self.service, "_is_stopped", None)
        if stopped is not None and stopped.is_set():
            raise SystemExit
