"""djinit_sockets: WebSockets are counted from accept to end, and get a goodbye."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import djinit_sockets
import djinit_websocket_count as counting
import pytest
from djinit_sockets import State, close_all, forget_the_dead, with_sockets

ACCEPT = {"type": "websocket.accept"}
GOODBYE = {"type": "websocket.close", "code": 1012}


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(counting, "DIRECTORY", str(tmp_path))
    monkeypatch.setattr(counting.Report, "fd", -1)
    monkeypatch.setattr(State, "ends", False)
    yield tmp_path
    counting.opened.clear()
    State.sockets.clear()


class Server:
    """What a server does for one WebSocket: it tells the application of the end once it has closed, unless the client is mute."""

    def __init__(self, *, answers: bool = True) -> None:
        self.sent: list[Any] = []
        self.answers = answers
        self.over = asyncio.Event()

    async def receive(self) -> Any:
        await self.over.wait()
        return {"type": "websocket.disconnect", "code": 1012}

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        if message["type"] == "websocket.close" and self.answers:
            self.over.set()


async def echo(_scope: Any, receive: Any, send: Any) -> None:
    await send(ACCEPT)
    await receive()
    await send({"type": "websocket.send", "text": "to nobody"})


def count(directory: Path) -> int:
    return int((directory / f"{os.getpid()}.websockets").read_text().split()[0])


def start(server: Server) -> "asyncio.Task[None]":
    application = with_sockets(echo)
    return asyncio.ensure_future(application({"type": "websocket"}, server.receive, server.send))


def test_each_gets_a_goodbye_and_is_counted_until_its_end(directory: Path) -> None:
    async def main() -> None:
        servers = [Server(), Server()]
        tasks = [start(server) for server in servers]
        await asyncio.sleep(0)
        assert count(directory) == 2
        await close_all()
        await asyncio.gather(*tasks)
        assert [server.sent for server in servers] == [[ACCEPT, GOODBYE]] * 2
        assert count(directory) == 0
        late = Server()
        await start(late)
        assert late.sent == [ACCEPT, GOODBYE]

    asyncio.run(main())


def test_a_client_that_does_not_answer_is_given_up(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(djinit_sockets, "ANSWER_SECONDS", 0.0)

    async def main() -> None:
        task = start(Server(answers=False))
        await asyncio.sleep(0)
        await close_all()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert count(directory) == 0

    asyncio.run(main())


def test_what_is_no_websocket_or_not_accepted_passes_as_it_is(directory: Path) -> None:
    async def refuse(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.close"} if scope["type"] == "websocket" else {"type": "http.response.start"})

    async def main() -> None:
        for kind, said in (("websocket", "websocket.close"), ("http", "http.response.start")):
            server = Server()
            await with_sockets(refuse)({"type": kind}, server.receive, server.send)
            assert server.sent == [{"type": said}]
        assert list(directory.iterdir()) == []

    asyncio.run(main())


def test_reports_of_the_dead_are_removed(directory: Path) -> None:
    for pid in (os.getpid(), os.getppid(), 2**30):
        (directory / f"{pid}.websockets").touch()
    forget_the_dead()
    assert [path.stem for path in directory.iterdir()] == [str(os.getppid())]
