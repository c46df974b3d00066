"""djinit_threads: what a worker with threads takes. gunicorn's own worker, with real sockets."""

import os
import select
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import djinit_threads
import pytest
from gunicorn import util
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

THREADS = 2
#: Nothing here takes a part of it, unless it fails.
LONG_SECONDS = 20


class Oven:
    """An application that answers when it is told to."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        """Answer."""
        if environ["PATH_INFO"] == "/slow":
            self.begun.release()
            assert self.may_end.acquire(timeout=LONG_SECONDS)
        start_response("200 OK", [("Content-Length", "4")])
        return [b"cake"]


@contextmanager
def serving(kind: Any, path: Path | None = None, **settings: Any) -> Iterator[SimpleNamespace]:
    """Run a worker of this class in a thread of this process, which listens at this path or at a port."""
    cfg = Config()
    for name, value in {"threads": THREADS, "keepalive": 30, "graceful_timeout": 1, **settings}.items():
        cfg.set(name, value)
    oven = Oven()
    with socket.create_server(("127.0.0.1", 0)) if path is None else socket.socket(socket.AF_UNIX) as listener:
        if path is not None:
            listener.bind(str(path))
            listener.listen()
        worker = kind(1, os.getppid(), [listener], None, 30, cfg, Logger(cfg))
        worker.wsgi = oven
        worker.tpool = worker.get_thread_pool()
        worker.poller = selectors.DefaultSelector()
        worker.method_queue.init()
        thread = threading.Thread(target=worker.run)
        thread.start()
        clients: list[socket.socket] = []
        try:
            yield SimpleNamespace(worker=worker, oven=oven, listener=listener, address=listener.getsockname(), clients=clients)
        finally:
            oven.may_end.release(100)
            worker.alive = False
            worker.method_queue.defer(lambda: None)
            thread.join(LONG_SECONDS)
            for client in clients:
                client.close()


def ask(served: SimpleNamespace, path: str, body: str = "") -> socket.socket:
    """Send a request on a connection of its own."""
    client = socket.socket(served.listener.family)
    served.clients.append(client)
    client.settimeout(LONG_SECONDS)
    client.connect(served.address)
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{body}\r\n".encode())
    return client


def answer(client: socket.socket) -> bytes:
    text = b""
    while not text.endswith(b"cake"):
        more = client.recv(4096)
        assert more, text
        text += more
    return text


def fill(served: SimpleNamespace, many: int = THREADS) -> list[socket.socket]:
    """Keep threads busy."""
    clients = [ask(served, "/slow") for _ in range(many)]
    for _ in range(many):
        assert served.oven.begun.acquire(timeout=LONG_SECONDS)
    return clients


def another_worker_takes(served: SimpleNamespace) -> socket.socket:
    """Accept what waits in the socket, as a worker that is free does."""
    assert select.select([served.listener], [], [], LONG_SECONDS)[0]
    taken: socket.socket = served.listener.accept()[0]
    served.clients.append(taken)
    return taken


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + LONG_SECONDS
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_what_it_has_no_thread_for_waits_in_the_socket() -> None:
    """Another worker may take it; this one takes it when a thread is free."""
    with serving(djinit_threads.taking_what_it_can(ThreadWorker)) as served:
        busy = fill(served)
        eventually(lambda: served.worker._accepting is False)
        ask(served, "/third")
        another_worker_takes(served)
        fourth = ask(served, "/fourth")
        served.oven.may_end.release()
        answer(fourth)
        served.oven.may_end.release()
        for client in busy:
            answer(client)


def test_one_after_the_other(tmp_path: Path) -> None:
    """Those that wait are taken, and no more at once than it has threads for."""
    with serving(djinit_threads.taking_what_it_can(ThreadWorker), tmp_path / "a.sock", keepalive=0) as served:
        clients = [ask(served, "/slow") for _ in range(5 * THREADS)]
        for _ in clients:
            assert served.oven.begun.acquire(timeout=LONG_SECONDS)
            assert served.worker.nr_conns <= THREADS
            served.oven.may_end.release()
        for client in clients:
            answer(client)
        # It has seen that nobody waits, and looks out for the next one.
        answer(ask(served, "/"))


def test_control_gunicorns_own_takes_it() -> None:
    """It waits within the worker."""
    with serving(ThreadWorker) as served:
        fill(served)
        ask(served, "/third")
        eventually(lambda: served.worker.nr_conns == THREADS + 1)


def test_idle_connections_need_no_thread() -> None:
    """Clients that have been answered keep theirs, and others come in."""
    with serving(djinit_threads.taking_what_it_can(ThreadWorker)) as served:
        kept = [ask(served, "/") for _ in range(THREADS + 1)]
        for client in kept:
            answer(client)
        eventually(lambda: len(served.worker.keepalived_conns) == len(kept))
        answer(ask(served, "/new"))
        for client in kept:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            answer(client)


def test_fewer_that_the_project_wants() -> None:
    """Its worker_connections count as well."""
    with serving(djinit_threads.taking_what_it_can(ThreadWorker), worker_connections=1, keepalive=0) as served:
        fill(served, 1)
        eventually(lambda: served.worker._accepting is False)
        ask(served, "/second")
        another_worker_takes(served)


@pytest.mark.parametrize(
    ("body", "waits"),
    [("", False), ("Content-Length: 9\r\n", True), ("X: y\r\n\r\n" + "x" * 20_000, True)],
    ids=["nothing more", "a body that is on its way", "more than is read"],
)
def test_it_waits_for_a_close_only_where_more_may_come(tmp_path: Path, body: str, waits: bool) -> None:
    """A client that has something left to send, or has sent something that is not read, would lose the answer."""
    with patch.object(util, "close_graceful", wraps=partial(util.close_graceful, timeout=0.1)) as waited:
        kind = djinit_threads.taking_what_it_can(ThreadWorker)
        with serving(kind, tmp_path / "a.sock", keepalive=0) as served:
            client = ask(served, "/", body)
            answer(client)
            assert client.recv(1) == b""
            eventually(lambda: served.worker.nr_conns == 0)
    assert waited.called is waits


def test_it_waits_also_on_a_connection_that_it_has_kept(tmp_path: Path) -> None:
    """The first request had no body, and the second has one that is on its way."""
    with (
        patch.object(util, "close_graceful", wraps=partial(util.close_graceful, timeout=0.1)) as waited,
        serving(djinit_threads.taking_what_it_can(ThreadWorker), tmp_path / "a.sock") as served,
    ):
        client = ask(served, "/")
        answer(client)
        eventually(lambda: len(served.worker.keepalived_conns) == 1)
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 9\r\n\r\n")
        answer(client)
        assert client.recv(1) == b""
        eventually(lambda: served.worker.nr_conns == 0)
    assert waited.called


@pytest.mark.parametrize("version", [(23, 0, 0), (26, 0, 2)])
def test_older_ones_are_left(version: tuple[int, ...]) -> None:
    """They have other attributes."""
    assert djinit_threads.taking_what_it_can(ThreadWorker, version) is ThreadWorker
