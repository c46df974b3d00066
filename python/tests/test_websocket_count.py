"""djinit_websocket_count: what a worker tells of its WebSockets. With the protocol of gunicorn's own worker, on no network."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import djinit_websocket_count
import pytest
from djinit_websocket_count import Report, count, counted
from gunicorn.asgi.websocket import WebSocketProtocol
from gunicorn.workers.gasgi import ASGIWorker


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(djinit_websocket_count, "DIRECTORY", str(tmp_path))
    monkeypatch.setattr(Report, "fd", -1)
    yield tmp_path / f"{os.getpid()}.websockets"
    djinit_websocket_count.opened.clear()


def told(file: Path) -> tuple[int, float]:
    """As PID 1 reads it."""
    text = file.read_text()
    assert len(text) == len(f"{0:>10} {0:>20}\n")
    number, oldest = text.split()
    return int(number), float(oldest)


class Socket:
    """One that is open until it is told otherwise."""

    def __init__(self) -> None:
        self.over = asyncio.Event()

    @counted
    async def run(self, answer: int = 0) -> int:
        await self.over.wait()
        return answer


def test_each_that_is_open_is_told_and_since_when_the_oldest_is(file: Path) -> None:
    async def main() -> None:
        assert not file.exists()
        first, second = Socket(), Socket()
        before = time.monotonic()
        running = [asyncio.ensure_future(first.run(answer=1))]
        await asyncio.sleep(0.01)
        running.append(asyncio.ensure_future(second.run(2)))
        await asyncio.sleep(0)
        number, oldest = told(file)
        assert number == 2
        assert before - 0.001 <= oldest < time.monotonic() - 0.009
        first.over.set()
        assert await running[0] == 1
        number, later = told(file)
        assert number == 1
        assert later > oldest
        second.over.set()
        assert await running[1] == 2
        assert told(file) == (0, 0.0)

    asyncio.run(main())


def test_one_that_fails_is_not_open(file: Path) -> None:
    @counted
    async def run(_: object) -> None:
        raise ValueError("no cake")

    with pytest.raises(ValueError, match="no cake"):
        asyncio.run(run(object()))  # type: ignore[arg-type]
    assert told(file) == (0, 0.0)


def test_where_it_may_not_write_a_websocket_works(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(djinit_websocket_count, "DIRECTORY", "/proc/nowhere")

    async def main() -> Any:
        socket = Socket()
        socket.over.set()
        return await socket.run(3)

    assert asyncio.run(main()) == 3


def test_a_planted_link_is_not_followed(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("precious")
    file.symlink_to(target)
    Report.write()
    assert target.read_text() == "precious"


def test_the_servers_protocol_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(self: object) -> None:
        pass

    # As in a worker.
    assert ASGIWorker.__module__ in sys.modules
    monkeypatch.setattr(WebSocketProtocol, "run", run)
    count()
    first = WebSocketProtocol.run
    assert first is not run
    count()
    assert WebSocketProtocol.run is first
