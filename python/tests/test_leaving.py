"""djinit_leaving: a worker that is leaving has a successor. gunicorn itself, with real workers, sockets and signals."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from as_in_image import HERE, load, path_of

size: Any = load("djinit_size")
leaving: Any = load("djinit_leaving")
#: Nothing here takes a part of it, unless it fails.
LONG_SECONDS = 20

APPLICATION = """
import os, time

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/slow":
        with open("begun.new", "w") as file:
            file.write(str(os.getpid()))
        os.rename("begun.new", "begun")
        while not os.path.exists("may-end"):
            time.sleep(0.02)
    start_response("200 OK", [])
    return [str(os.getpid()).encode()]
"""

CONFIGURATION = """
import sys

sys.path.insert(0, {folder!r})
{load}
import djinit_size

bind = "unix:sock"
workers = 1
threads = 4
graceful_timeout = 60
{more}

def pre_fork(server, worker):
    djinit_size.prepare(worker)

def post_fork(server, worker):
    djinit_size.begin(worker)
"""


@contextmanager
def running(path: Path, more: str, *, mended: bool, application: str = APPLICATION) -> Iterator[subprocess.Popen[str]]:
    """A master, whose log is a file."""
    (path / "app.py").write_text(application)
    loads = "import djinit_leaving" if mended else ""
    (path / "conf.py").write_text(CONFIGURATION.format(folder=str(HERE / "gunicorn"), load=loads, more=more))
    command = [sys.executable, "-m", "gunicorn", "--config", "conf.py", "--no-control-socket", "app"]
    with (path / "log").open("w") as log, subprocess.Popen(command, cwd=path, stderr=log, text=True) as master:
        try:
            yield master
        finally:
            (path / "may-end").touch()
            master.send_signal(signal.SIGQUIT)
            with suppress(subprocess.TimeoutExpired):
                master.wait(LONG_SECONDS)
            master.kill()


def until(ready: Callable[[], object]) -> None:
    deadline = time.monotonic() + LONG_SECONDS
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ask(path: Path, seconds: float = LONG_SECONDS, target: str = "/") -> int:
    """The worker that answers; OSError where none does in time. The socket's path may be too long for its address."""
    fd = os.open(path, os.O_PATH)
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(seconds)
            client.connect(f"/proc/self/fd/{fd}/sock")
            client.sendall(f"GET {target} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
            answer = b""
            while part := client.recv(4096):
                answer += part
    finally:
        os.close(fd)
    return int(answer.rpartition(b"\r\n\r\n")[2])


@contextmanager
def one_in_hand(path: Path) -> Iterator[None]:
    """A request that does not end."""
    fd = os.open(path, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as client:
        # The file is there before anybody listens.
        until(lambda: client.connect_ex(f"/proc/self/fd/{fd}/sock") == 0)
        os.close(fd)
        client.sendall(b"GET /slow HTTP/1.0\r\nHost: x\r\n\r\n")
        until((path / "begun").exists)
        yield


def next_answer(path: Path, seconds: float) -> int:
    """Of whatever worker takes it."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ask(path, max(0.1, deadline - time.monotonic()))
        except (OSError, ValueError):
            if time.monotonic() >= deadline:
                raise


def another_than(known: set[int], path: Path) -> int:
    """The first worker that answers and is none of these."""
    found: list[int] = []

    def ask_on() -> bool:
        found.append(next_answer(path, LONG_SECONDS))
        return found[-1] not in known

    until(ask_on)
    return found[-1]


@pytest.mark.parametrize("threads", [1, 4])
def test_the_successor_of_a_reload_has_one(tmp_path: Path, threads: int) -> None:
    """Its predecessor has a request in hand all the time."""
    with running(tmp_path, f"threads = {threads}", mended=True) as master, one_in_hand(tmp_path):
        known = {int((tmp_path / "begun").read_text())}
        master.send_signal(signal.SIGHUP)
        second = another_than(known, tmp_path)
        os.kill(second, signal.SIGKILL)
        another_than({*known, second}, tmp_path)


def test_a_worker_that_has_answered_enough_has_one(tmp_path: Path) -> None:
    """While it ends what it has in hand."""
    with running(tmp_path, "max_requests = 2", mended=True), one_in_hand(tmp_path):
        another_than({next_answer(tmp_path, LONG_SECONDS)}, tmp_path)


ASGI = """
import asyncio, os

async def application(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError
    if scope["path"] == "/slow":
        open("begun", "w").close()
        while not os.path.exists("may-end"):
            await asyncio.sleep(0.02)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})
"""


def test_a_worker_for_asgi_that_has_answered_enough_has_one(tmp_path: Path) -> None:
    """It waits for what is open without a word to its master."""
    more = f"""
worker_class = "gunicorn.workers.gasgi.ASGIWorker"
max_requests = 2

def post_worker_init(worker):
    import runpy
    runpy.run_path({path_of("djinit_websockets.py")!r})
"""
    with running(tmp_path, more, mended=True, application=ASGI), one_in_hand(tmp_path):
        another_than({next_answer(tmp_path, LONG_SECONDS)}, tmp_path)


def test_a_signal_in_a_reload_is_heard(tmp_path: Path) -> None:
    """Also while the old worker ends."""
    with running(tmp_path, "", mended=True) as master, one_in_hand(tmp_path):
        master.send_signal(signal.SIGHUP)
        until(lambda: "Hang up" in (tmp_path / "log").read_text())
        master.send_signal(signal.SIGTTIN)
        until(lambda: "Handling signal: ttin" in (tmp_path / "log").read_text())


def test_what_gunicorn_does_without_it(tmp_path: Path) -> None:
    """If this fails, gunicorn has mended it itself."""
    with running(tmp_path, "max_requests = 2", mended=False), one_in_hand(tmp_path):
        next_answer(tmp_path, LONG_SECONDS)
        with pytest.raises(OSError, match="timed out"):
            ask(tmp_path, 3)


def server(num_workers: int, *workers: str) -> Any:
    """Workers by what they are: leaving, alone or staying."""
    made = {}
    for pid, what in enumerate(workers, 1):
        made[pid] = SimpleNamespace(age=pid)
        size.prepare(made[pid])
        if what == "told":
            size.begin(made[pid])
            size.leaves()
        if what == "leaving":
            made[pid].djinit_leaving = True
        if what == "alone":
            made[pid].djinit_leaving = made[pid].djinit_alone = True
    return SimpleNamespace(WORKERS=made, num_workers=num_workers)


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (server(2, "staying", "staying"), 0),
        (server(2, "staying"), 1),
        (server(2, "staying", "leaving"), 1),
        (server(2, "told", "leaving"), 2),
        (server(2, "leaving", "leaving", "staying", "staying"), 0),
        # No more than twice as many as there are to be.
        (server(2, "leaving", "leaving", "leaving", "staying"), 0),
        (server(1, "leaving", "leaving"), 0),
        # The container's memory is full.
        (server(1, "alone"), 0),
        # After TTOU.
        (server(1, "leaving", "staying"), 0),
    ],
)
def test_how_many_are_missing(of: Any, expected: int) -> None:
    """The master ends the oldest where there are too many: those that are leaving."""
    assert max(0, leaving.successors(of)) == expected
    assert all(worker.age == 0 for worker in of.WORKERS.values() if size.is_leaving(worker))
