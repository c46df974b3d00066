"""Makes granian's worker close its WebSockets before it ends. Run by djinit_application.py."""

import asyncio
import signal
from collections.abc import Callable
from functools import wraps
from typing import Any

import djinit_sockets
from granian import _signals

#: The loop keeps no task alive.
closing: set[Any] = set()


def closing_first(set_signals: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Let the worker hear of its end when the WebSockets are closed."""

    @wraps(set_signals)
    def sets(loop: Any) -> Any:
        event = set_signals(loop)

        async def close() -> None:
            try:
                await djinit_sockets.close_all()
            finally:
                event.set()

        def end() -> None:
            closing.add(asyncio.ensure_future(close(), loop=loop))

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, end)
        return event

    return sets


if not hasattr(_signals.set_loop_signals, "__wrapped__"):
    _signals.set_loop_signals = closing_first(_signals.set_loop_signals)
