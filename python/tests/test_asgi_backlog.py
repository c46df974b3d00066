"""djinit_asgi_backlog: how many connections wait in a worker's socket. With a real loop and a real socket."""

import asyncio
import socket
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import djinit_asgi_backlog
from gunicorn.workers.gasgi import ASGIWorker

#: Above asyncio's own 100.
WAITING = 150
BACKLOG = 2048


def waiting(path: str) -> int:
    """Return how many connections the socket takes, up to WAITING, while nobody accepts them."""
    clients = []
    try:
        for _ in range(WAITING):
            client = socket.socket(socket.AF_UNIX)
            clients.append(client)
            client.setblocking(False)
            client.connect(path)
    except BlockingIOError:
        return len(clients) - 1
    finally:
        for client in clients:
            client.close()
    return WAITING


async def serve(self: Any) -> None:
    """As gunicorn's own, as far as it listens."""
    server = await self.loop.create_server(asyncio.Protocol, sock=self.listener)
    # Nothing is accepted meanwhile: the loop is not given back.
    self.taken = waiting(self.path)
    server.close()


def taken(path: Path, how: Any) -> int:
    async def main() -> int:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen(BACKLOG)
            loop = asyncio.get_running_loop()
            worker = SimpleNamespace(loop=loop, cfg=SimpleNamespace(backlog=BACKLOG), listener=listener, path=str(path), taken=0)
            await how(worker)
            return int(worker.taken)

    return asyncio.run(main())


def test_as_many_wait_as_gunicorn_says(tmp_path: Path) -> None:
    assert taken(tmp_path / "a.sock", djinit_asgi_backlog.with_backlog(serve)) == WAITING


def test_control_by_itself_asyncio_refuses_them(tmp_path: Path) -> None:
    assert taken(tmp_path / "a.sock", serve) < WAITING


def test_a_loop_that_does_not_allow_it_serves(tmp_path: Path) -> None:
    class Closed:
        @property
        def create_server(self) -> Any:
            return partial(print)

    async def main(loop: Any) -> None:
        done = []

        async def runs(_: object) -> None:
            done.append(True)

        worker = SimpleNamespace(loop=loop, cfg=SimpleNamespace(backlog=1))
        await djinit_asgi_backlog.with_backlog(runs)(worker)
        assert done

    asyncio.run(main(Closed()))


def test_the_worker_has_it() -> None:
    assert hasattr(ASGIWorker._serve, "__wrapped__")
