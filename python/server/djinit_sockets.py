"""Counts the WebSockets of a web server other than gunicorn, and closes them when it is asked to end.

All of them run the application by ASGI, so this sits between the two. uvicorn closes its own, and djinit_daphne.py daphne's:
of them this only counts. djinit_hypercorn_worker.py and djinit_granian_worker.py ask for the rest.
"""

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import djinit_websocket_count as counting

#: «Service restart»: clients connect again, after a moment.
SERVICE_RESTART = 1012
#: A client that has gone without a word does not answer.
ANSWER_SECONDS = 2.0
LOOK_SECONDS = 0.05


class State:
    """Of this process."""

    sockets: set["Socket"] = set()
    ends = False


class Socket:
    """One WebSocket, between the server and the application."""

    def __init__(self, send: Any) -> None:
        self.to_server = send
        self.task = asyncio.current_task()
        self.is_open = False

    async def send(self, message: Any) -> None:
        """Pass on what the application says. What it says after the goodbye has no reader."""
        kind = message["type"]
        if self not in State.sockets and kind != "websocket.accept":
            # Before the handshake is over, or after the end.
            if not self.is_open:
                await self.to_server(message)
            return
        await self.to_server(message)
        if kind == "websocket.accept":
            self.is_open = True
            State.sockets.add(self)
            counting.opened[id(self)] = time.monotonic()
            counting.Report.write()
            if State.ends:
                await self.close()

    async def close(self) -> None:
        """Say goodbye. The server tells the application of the client's answer."""
        State.sockets.discard(self)
        with suppress(Exception):
            await self.to_server({"type": "websocket.close", "code": SERVICE_RESTART})

    def ended(self) -> None:
        """Forget it."""
        State.sockets.discard(self)
        if counting.opened.pop(id(self), None) is not None:
            counting.Report.write()


def with_sockets(application: Any) -> Any:
    """The application, with its WebSockets known."""

    async def knowing(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            await application(scope, receive, send)
            return
        socket = Socket(send)
        try:
            await application(scope, receive, socket.send)
        finally:
            socket.ended()

    return knowing


async def close_all() -> None:
    """Close what is open and what comes, and wait for the clients' answers. Returns at once where there is none."""
    State.ends = True
    asked = list(State.sockets)
    await asyncio.gather(*(socket.close() for socket in asked))
    until = time.monotonic() + ANSWER_SECONDS
    while any(id(socket) in counting.opened for socket in asked) and time.monotonic() < until:
        await asyncio.sleep(LOOK_SECONDS)
    for socket in asked:
        if id(socket) in counting.opened and socket.task is not None:
            socket.task.cancel()


def forget_the_dead() -> None:
    """Remove the reports of processes that have ended: nobody else does, and a number comes again."""
    for path in Path(counting.DIRECTORY).glob("*.websockets"):
        if path.stem == str(os.getpid()) or not Path(f"/proc/{path.stem}").exists():
            with suppress(OSError):
                path.unlink()
