"""djinit_accepting: what has been accepted in the instant of the end is answered. With asyncio's own server, at a unix socket."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import djinit_accepting
import pytest

ANSWER = b"answer"


class Answers(asyncio.Protocol):
    """Answers whatever comes."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, _: bytes) -> None:
        self.transport.write(ANSWER)


async def ask_at_the_end(path: Path, end: Callable[[list[Any]], Awaitable[None]]) -> list[bytes]:
    """What is answered to one that is accepted in the turn of the loop in which the end begins, and to one that comes later."""
    loop = asyncio.get_running_loop()
    ending: list[Any] = []

    def begin() -> None:
        coroutine: Any = end([server])
        coroutine.send(None)
        ending.append(asyncio.ensure_future(coroutine))

    with socket.socket(socket.AF_UNIX) as held:
        held.bind(str(path))
        held.setblocking(False)
        server = await loop.create_server(Answers, sock=held)
        with connected(path) as client:
            # A timer that is due runs behind what the selector has found ready.
            loop.call_later(0, begin)
            while not ending:
                await asyncio.sleep(0)
            await ending[0]
            with connected(path) as late:
                answers = [await answer(each) for each in (client, late)]
        server.close()
        return answers


def connected(path: Path) -> socket.socket:
    """A client that has asked."""
    client = socket.socket(socket.AF_UNIX)
    with suppress(ConnectionRefusedError):
        client.connect(str(path))
        client.sendall(b"?")
    client.setblocking(False)
    return client


async def answer(client: socket.socket) -> bytes:
    """Nothing, where none comes."""
    with suppress(asyncio.TimeoutError, OSError):
        return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 100), 0.5)
    return b""


def test_what_has_been_accepted_is_answered(tmp_path: Path) -> None:
    """And nothing more is accepted: it waits in the socket, which is everybody's."""
    assert asyncio.run(ask_at_the_end(tmp_path / "s", djinit_accepting.stop_accepting)) == [ANSWER, b""]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_asyncio_itself_drops_it(tmp_path: Path) -> None:
    """Without the mend. If this fails, asyncio has learnt it."""

    async def close(servers: list[Any]) -> None:
        for server in servers:
            server.close()
        await asyncio.sleep(0)

    assert asyncio.run(ask_at_the_end(tmp_path / "s", close)) == [b"", b""]


def test_a_loop_without_readers() -> None:
    """It has closed the server."""

    class Held:
        def fileno(self) -> int:
            return 1_000_000

    class Server:
        sockets = [Held()]
        closed = False

        def close(self) -> None:
            self.closed = True

    server = Server()
    asyncio.run(djinit_accepting.stop_accepting([server]))
    assert server.closed
