"""djinit_application: what a web server other than gunicorn imports is the project's application, with nginx's word."""

import asyncio
import os
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ["DJINIT_APPLICATION"] = "test_application_project:application"
PROJECT = """
import sys

async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        raise ValueError("lifespan")
    return scope

def app(environ, start_response):
    return environ

class Nested:
    app = app

def make():
    return app
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "test_application_project.py").write_text(PROJECT)
    (tmp_path / "ends.py").write_text("import sys\nsys.exit(0)\n")
    (tmp_path / "short.py").write_text("app = 'it'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in ("test_application_project", "ends", "short"):
        sys.modules.pop(name, None)


def module() -> Any:
    import djinit_application

    return djinit_application


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("test_application_project:application", "application"),
        ("asgi:test_application_project:application", "application"),
        ("wsgi:test_application_project:app", "app"),
        ("test_application_project:Nested.app", "app"),
        ("test_application_project:make()", "app"),
        ("test_application_project", "application"),
    ],
)
def test_a_name(path: str, name: str) -> None:
    """As the servers read it."""
    assert module().load(path).__name__ == name


def test_other_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual one of hypercorn; a factory."""
    assert module().load("short") == "it"
    monkeypatch.setenv("DJINIT_FACTORY", "1")
    assert module().load("test_application_project:make").__name__ == "app"


def test_an_end_of_the_process_is_an_error() -> None:
    """It would be a worker that has ended well."""
    with pytest.raises(RuntimeError, match="cannot load ends: it ended the process with 0"):
        module().load("ends:application")


def test_nginx_tells_of_the_client_by_each_interface() -> None:
    djinit_application = module()
    asgi = djinit_application.told(djinit_application.load("test_application_project:application"), "key")
    scope: dict[str, Any] = {
        "type": "http",
        "client": None,
        "headers": [(b"x-djinit-client", b"key 203.0.113.7"), (b"x-forwarded-proto", b"https")],
    }
    asyncio.run(asgi(scope, print, print))
    assert (scope["client"], scope["scheme"]) == (("203.0.113.7", 0), "https")
    wsgi = djinit_application.told(djinit_application.load("test_application_project:app"), "key")
    environ = {"HTTP_X_DJINIT_CLIENT": "key 203.0.113.7"}
    assert wsgi(environ, print) == {"REMOTE_ADDR": "203.0.113.7"}


def lifespan_of(application: Any, *kinds: str) -> list[str]:
    """What is answered to these."""
    asked, answers = list(kinds), []

    async def receive() -> dict[str, str]:
        return {"type": asked.pop(0)}

    async def send(message: dict[str, str]) -> None:
        answers.append(message["type"])

    asyncio.run(application({"type": "lifespan"}, receive, send))
    return answers


def test_lifespan_is_answered_where_the_application_does_not_know_it() -> None:
    """Django's raises at once. One that has begun and fails has failed."""
    djinit_application = module()
    django = djinit_application.with_lifespan(djinit_application.load("test_application_project:application"))
    answers = lifespan_of(django, "lifespan.startup", "lifespan.shutdown")
    assert answers == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

    async def fails(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        raise ValueError("the pool is not there")

    with pytest.raises(ValueError, match="pool"):
        lifespan_of(djinit_application.with_lifespan(fails), "lifespan.startup")


def test_a_check_loads_and_ends(capsys: pytest.CaptureFixture[str]) -> None:
    """With both lines that PID 1 looks for."""
    with pytest.raises(SystemExit) as raised:
        runpy.run_module("djinit_application", run_name="djinit_application_check")
    assert raised.value.code == 0
    assert capsys.readouterr().out.splitlines() == [module().BEGUN, module().DONE]
