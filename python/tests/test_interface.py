"""djinit_interface: what an application is called by is seen from it, and the worker goes on as one that calls it so."""

import os
import signal
from collections.abc import Callable
from functools import partial, wraps
from types import SimpleNamespace
from typing import Any

import pytest
from as_in_image import load
from gunicorn.errors import AppImportError

djinit_interface: Any = load("djinit_interface")


async def asgi(scope: object, receive: object, send: object) -> None:
    """ASGI."""


def hands_on(scope: object, receive: object, send: object) -> Any:
    """ASGI by a function that is no coroutine function."""
    return asgi(scope, receive, send)


def wsgi(environ: object, start_response: object) -> list[bytes]:
    """WSGI."""
    return []


@wraps(wsgi)
def decorated(*args: object, **kwargs: object) -> Any:
    """WSGI by a decorator."""
    return wsgi(*args, **kwargs)


class Async:
    """As Django's ASGIHandler, Starlette, Channels' ProtocolTypeRouter."""

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        """Do nothing."""

    async def method(self, scope: object, receive: object, send: object) -> None:
        """Do nothing."""


class Plain:
    """As Django's WSGIHandler, WhiteNoise, Sentry's middleware for WSGI."""

    def __call__(self, environ: object, start_response: object) -> list[bytes]:
        """Do nothing."""
        return []


class HandsOn:
    """A middleware for ASGI without async."""

    def __call__(self, scope: object, receive: object, send: object) -> Any:
        """Do nothing."""
        return asgi(scope, receive, send)


APPLICATIONS: dict[str, tuple[Any, bool]] = {
    "a coroutine function": (asgi, True),
    "an object with an async __call__": (Async(), True),
    "a bound method": (Async().method, True),
    "a partial of one": (partial(asgi), True),
    "a function with three arguments": (hands_on, True),
    "an object with three arguments": (HandsOn(), True),
    "a function": (wsgi, False),
    "a lambda": (lambda environ, start_response: [], False),
    "a decorated function": (decorated, False),
    "any arguments": (lambda *args: [], False),
    "a default": (lambda environ, start_response, more=None: [], False),
    "an object": (Plain(), False),
    "a partial": (partial(wsgi), False),
    "a class": (Async, False),
    "a builtin": (print, False),
}


@pytest.mark.parametrize(("application", "expected"), APPLICATIONS.values(), ids=APPLICATIONS)
def test_what_it_speaks(application: Any, expected: bool) -> None:
    """Also where it is wrapped."""
    assert djinit_interface.speaks_asgi(application) is expected


class Worker:
    """What gunicorn's workers have in common."""

    booted = False
    alive = True

    age: int
    app: Any

    def __init__(self, *given: Any) -> None:
        vars(self).update(zip(("age", "ppid", "sockets", "app", "timeout", "cfg", "log"), given, strict=True))
        self.pid = 7
        self.tmp = SimpleNamespace(close=lambda: None)
        self.wsgi: Any = None

    def load_wsgi(self) -> None:
        """Load the application."""
        self.wsgi = self.app

    def init_signals(self) -> None:
        """Have no handlers."""


class AsgiWorker(Worker):
    """Ends at once."""

    ran: list[Any] = []

    def init_process(self) -> None:
        """Note it."""
        self.ran.append(self)
        self.booted = True


class InterruptedWorker(Worker):
    """Is told to stop before it has handlers of its own."""

    heard: list[int] = []

    def init_process(self) -> None:
        """As gunicorn's does, behind what takes its time."""
        os.kill(os.getpid(), signal.SIGTERM)
        self.init_signals()
        self.booted = True

    def init_signals(self) -> None:
        """Hear it."""
        signal.signal(signal.SIGTERM, lambda signum, _: self.heard.append(signum))


class FailingWorker(Worker):
    """Cannot begin."""

    def init_process(self) -> None:
        """Fail."""
        raise RuntimeError


def worker_of(application: Any, kind: Any = AsgiWorker, age: int = 1) -> tuple[Any, list[str]]:
    """A worker that has chosen `kind` for ASGI, and what is logged."""
    said: list[str] = []
    made: Any = djinit_interface.by_interface(Worker)
    djinit_interface.asgi_worker = lambda: kind
    return made(age, 1, [], application, 15.0, None, SimpleNamespace(info=said.append)), said


@pytest.fixture(autouse=True)
def own_worker() -> Any:
    """Give back what the tests replace."""
    original: Callable[[], Any] = djinit_interface.asgi_worker
    handlers = {signum: signal.getsignal(signum) for signum in djinit_interface.SENT}
    AsgiWorker.ran = []
    yield
    djinit_interface.asgi_worker = original
    for signum, handler in handlers.items():
        signal.signal(signum, handler)


def test_asgi_worker_goes_on() -> None:
    """With the file that the master looks at, and a stop that has come meanwhile."""
    worker, said = worker_of(asgi)
    worker.alive = False
    with pytest.raises(SystemExit) as ended:
        worker.load_wsgi()
    assert ended.value.code == 0
    [other] = AsgiWorker.ran
    assert (other.tmp, other.pid, other.alive, worker.booted) == (worker.tmp, 7, False, True)
    assert said == ["The application speaks ASGI: it is run by gunicorn's worker class for it"]


def test_a_stop_before_it_has_handlers() -> None:
    """Is not that of the worker which it was."""
    worker, _ = worker_of(asgi, InterruptedWorker)
    signal.signal(signal.SIGTERM, lambda *_: setattr(worker, "alive", False))
    with pytest.raises(SystemExit):
        worker.load_wsgi()
    assert (InterruptedWorker.heard, worker.alive) == ([signal.SIGTERM], True)


def test_said_once() -> None:
    """Not by each worker."""
    worker, said = worker_of(asgi, age=2)
    with pytest.raises(SystemExit):
        worker.load_wsgi()
    assert said == []


def test_a_worker_that_cannot_begin() -> None:
    """The master has to know that it has not."""
    worker, _ = worker_of(asgi, FailingWorker)
    with pytest.raises(RuntimeError):
        worker.load_wsgi()
    assert worker.booted is False


def test_wsgi_stays() -> None:
    """As it was."""
    worker, said = worker_of(wsgi)
    worker.load_wsgi()
    assert (worker.wsgi, AsgiWorker.ran, said) == (wsgi, [], [])


@pytest.mark.parametrize(
    ("module", "chooses"),
    [("gunicorn.workers.sync", True), ("gunicorn.workers.gthread", True), ("gunicorn.workers.ggevent", False), ("own", False)],
)
def test_only_gunicorns_default(module: str, chooses: bool) -> None:
    """A worker class of the project's choice is kept."""
    kind = type("Chosen", (Worker,), {"__module__": module})
    server = SimpleNamespace(worker_class=kind)
    djinit_interface.choose(server)
    assert (server.worker_class is not kind) is chooses
    assert server.worker_class.__name__ == "Chosen"


def test_own_asgi_worker() -> None:
    """That of the gunicorn which is there."""
    assert djinit_interface.asgi_worker().__name__ == "ASGIWorker"


def test_no_worker_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install is said."""
    monkeypatch.setattr(djinit_interface, "ASGI_WORKERS", [("no_such_module", "Worker")])
    with pytest.raises(AppImportError, match="install gunicorn 25 or later, or uvicorn-worker"):
        djinit_interface.asgi_worker()
