"""djinit_websockets: a worker that is asked to end closes its WebSockets first. With gunicorn's own protocol, on no network."""

import asyncio
import runpy
from collections.abc import Awaitable, Iterator
from typing import Any

import djinit_websockets
import pytest
from as_in_image import path_of
from gunicorn.asgi.websocket import WebSocketProtocol
from gunicorn.workers.gasgi import ASGIWorker

# The frame of code 1012, by RFC 6455: the last fragment, a close, two bytes.
CLOSE_FRAME = b"\x88\x02\x03\xf4"


class Transport:
    """What is written to it."""

    def __init__(self) -> None:
        self.sent = b""

    def write(self, data: bytes) -> None:
        self.sent += data


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(djinit_websockets, "PERIOD_SECONDS", 0.01)
    monkeypatch.setattr(djinit_websockets, "ANSWER_SECONDS", 0.1)
    yield
    djinit_websockets.sockets.clear()
    djinit_websockets.asked_at.clear()


def websocket(accepted: bool = True) -> Any:
    """One that is open, and known."""
    socket = WebSocketProtocol(Transport(), {}, None, None)
    socket.accepted = accepted
    djinit_websockets.sockets.add(socket)
    return socket


def finish(awaitable: Awaitable[None]) -> None:
    async def main() -> None:
        await awaitable

    asyncio.run(main())


def shut_down(*sockets: Any, seconds: float = 0.0) -> None:
    """As a worker that then waits for so long."""

    async def shutdown(_: object) -> None:
        await asyncio.sleep(seconds)

    finish(djinit_websockets.closing_first(shutdown)(None))


def test_clients_are_asked_to_close() -> None:
    """Once, with the code that means «come again»."""
    socket = websocket()
    shut_down(seconds=0.05)
    assert socket.transport.sent == CLOSE_FRAME
    assert not socket._eof


def test_a_client_that_does_not_answer_is_given_up() -> None:
    """After a while."""
    socket = websocket()
    shut_down(seconds=0.3)
    assert socket.transport.sent == CLOSE_FRAME
    assert socket._eof


def test_a_closed_one_is_left_alone() -> None:
    """Nothing may be sent after the end."""
    socket = websocket()
    socket.closed = True
    shut_down(seconds=0.2)
    assert socket.transport.sent == b""
    assert not socket._eof


def test_a_handshake_is_let_end_first() -> None:
    """A close frame would not be understood before."""
    socket = websocket(accepted=False)

    async def shutdown(_: object) -> None:
        await asyncio.sleep(0.05)
        assert socket.transport.sent == b""
        socket.accepted = True
        await asyncio.sleep(0.05)

    finish(djinit_websockets.closing_first(shutdown)(None))
    assert socket.transport.sent == CLOSE_FRAME


def test_what_fails_keeps_no_other_from_its_end() -> None:
    """Whatever gunicorn has changed."""
    strange, socket = websocket(), websocket()
    del strange.closed
    broken = websocket()
    broken.transport = None
    shut_down()
    assert socket.transport.sent == CLOSE_FRAME


def test_nothing_goes_on_after_the_end() -> None:
    """Also where the shutdown fails."""

    async def shutdown(_: object) -> None:
        raise OSError("no")

    async def main() -> int:
        with pytest.raises(OSError, match="no"):
            await djinit_websockets.closing_first(shutdown)(None)
        await asyncio.sleep(0)
        return len(asyncio.all_tasks())

    assert asyncio.run(main()) == 1


def test_known_as_long_as_it_is_open() -> None:
    """Also where the application fails."""
    socket: Any = WebSocketProtocol(Transport(), {}, None, None)
    known: list[bool] = []

    async def run(self: Any) -> None:
        known.append(self in djinit_websockets.sockets)
        djinit_websockets.asked_at[id(self)] = 0.0
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        finish(djinit_websockets.tracked(run)(socket))
    assert known == [True]
    assert socket not in djinit_websockets.sockets
    assert djinit_websockets.asked_at == {}


def test_gunicorn_has_it_once() -> None:
    """A reload reads the file again."""
    methods: list[Any] = [ASGIWorker._shutdown, WebSocketProtocol.run]
    assert all(hasattr(method, "__wrapped__") for method in methods)
    runpy.run_path(path_of("djinit_websockets.py"))
    assert [ASGIWorker._shutdown, WebSocketProtocol.run] == methods
