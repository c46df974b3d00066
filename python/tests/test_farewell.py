"""djinit_farewell: a worker that waits for a silent broker ends if it has nothing in hand. A real socket that nobody answers."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import djinit_farewell
import pytest
from celery.worker import request
from djinit_farewell import Farewell
from kombu.utils.functional import lazy

LONG_SECONDS = 20


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(djinit_farewell, "PATIENCE_S", 0.3)
    monkeypatch.setattr(djinit_farewell, "LOOK_S", 0.02)


@pytest.fixture
def silent() -> Iterator[SimpleNamespace]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(LONG_SECONDS)
        yield SimpleNamespace(ours=ours, theirs=theirs)


def farewell(silent: SimpleNamespace, has_nothing: Callable[[], bool] = lambda: True) -> tuple[Farewell, list[int]]:
    """One whose end is that somebody answers, as the end of the process would be."""
    ended: list[int] = []

    def end(status: int) -> None:
        ended.append(status)
        silent.theirs.send(b"x")

    return Farewell(has_nothing, end), ended


def test_a_broker_that_does_not_answer(silent: SimpleNamespace, caplog: pytest.LogCaptureFixture) -> None:
    """It is waited for by kombu, or what kombu calls."""
    thread, ended = farewell(silent)
    thread.start()
    assert lazy(lambda: silent.ours.recv(1))() == b"x"
    thread.join()
    assert ended == [0]
    assert "ends without a goodbye" in caplog.text


def answer_after(seconds: float, silent: SimpleNamespace) -> None:
    threading.Timer(seconds, silent.theirs.send, (b"y",)).start()


def test_one_that_has_a_task_waits(silent: SimpleNamespace) -> None:
    """It has to be acknowledged."""
    thread, ended = farewell(silent, lambda: False)
    thread.start()
    answer_after(1, silent)
    assert lazy(lambda: silent.ours.recv(1))() == b"y"
    assert ended == []
    thread.has_nothing = lambda: True
    lazy(lambda: silent.ours.recv(1))()
    assert ended == [0]


def test_what_does_not_wait_for_the_broker_goes_on(silent: SimpleNamespace) -> None:
    """A task in the worker's own process, for instance; or what comes round."""
    thread, ended = farewell(silent)
    thread.start()
    answer_after(1, silent)
    silent.ours.recv(1)
    until = time.monotonic() + 1
    while time.monotonic() < until:
        lazy(time.monotonic)()
    assert ended == []
    lazy(lambda: silent.ours.recv(1))()
    assert ended == [0]


def in_request(wait: Callable[[], object]) -> Callable[[], object]:
    """A function of the file in which celery acknowledges a task."""
    names: dict[str, Callable[[], object]] = {"wait": wait}
    exec(compile("def acknowledge(): return wait()", request.__file__, "exec"), names)  # noqa: S102
    return names["acknowledge"]


@pytest.mark.parametrize("where", ["in the main thread", "in another one, as with the pool threads"])
def test_one_that_acknowledges_its_last_task_waits(silent: SimpleNamespace, where: str) -> None:
    """With acks_late celery counts it no longer, and it would be run again."""
    acknowledged = threading.Event()
    wait = lazy(lambda: silent.ours.recv(1))
    thread, ended = farewell(silent)
    if where == "in the main thread":
        wait = lazy(in_request(wait))
    else:
        threading.Thread(target=in_request(lambda: acknowledged.wait(LONG_SECONDS))).start()
    thread.start()
    answer_after(1, silent)
    assert wait() == b"y"
    assert ended == []
    acknowledged.set()
    lazy(lambda: silent.ours.recv(1))()
    assert ended == [0]
