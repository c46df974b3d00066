"""djinit_told: nginx's word is taken with the key, and with nothing else."""

import asyncio
import sys
from types import SimpleNamespace
from typing import Any

import djinit_told
import pytest

PREFIX = "key "


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is counted."""
    counted: list[str] = []
    monkeypatch.setattr(djinit_told.Queue, "took", counted.append)
    return counted


def test_waits(waits: list[str]) -> None:
    """Only nginx tells since when."""

    async def application(*_: object) -> None:
        return None

    wsgi = djinit_told.with_wsgi_client(lambda *_: None, PREFIX)
    asgi = djinit_told.with_asgi_client(application, PREFIX)
    for told in ("key 203.0.113.7 1.125", "key unix: 2.125", "key 203.0.113.7", "kex 203.0.113.7 3.125", "203.0.113.7 4.125"):
        wsgi({djinit_told.WSGI_NAME: told}, print)
        asyncio.run(asgi({"type": "http", "path": "/", "headers": [(djinit_told.ASGI_NAME, told.encode())]}, print, print))
    assert waits == ["1.125", "1.125", "2.125", "2.125"]


WSGI = {
    "nginx's, with the time": ("key 203.0.113.7 1764170000.125", {"REMOTE_ADDR": "203.0.113.7"}),
    "nginx's": ("key 203.0.113.7", {"REMOTE_ADDR": "203.0.113.7"}),
    "nginx's, of a unix socket": ("key unix:", {"REMOTE_ADDR": "10.0.0.1", "REMOTE_PORT": "5"}),
    "with another key": ("kex 203.0.113.7", {"REMOTE_ADDR": "10.0.0.1", "REMOTE_PORT": "5"}),
    "with none": ("203.0.113.7", {"REMOTE_ADDR": "10.0.0.1", "REMOTE_PORT": "5"}),
    "not there": (None, {"REMOTE_ADDR": "10.0.0.1", "REMOTE_PORT": "5"}),
}


@pytest.mark.parametrize(("header", "expected"), WSGI.values(), ids=WSGI)
def test_wsgi(header: str | None, expected: dict[str, str]) -> None:
    """The header itself never gets to the application."""
    environ = {"REMOTE_ADDR": "10.0.0.1", "REMOTE_PORT": "5"}
    if header is not None:
        environ[djinit_told.WSGI_NAME] = header
    application = djinit_told.with_wsgi_client(lambda given, _: given, PREFIX)
    assert application(environ, print) == expected


def test_early_hints() -> None:
    """No application sends 103 through an nginx that would take it for the answer."""
    application = djinit_told.with_wsgi_client(lambda given, _: given, PREFIX)
    for told in ("key 203.0.113.7", "none"):
        assert "wsgi.early_hints" not in application({djinit_told.WSGI_NAME: told, "wsgi.early_hints": print}, print)


HELD_BACK = {
    "an event stream": ([("Content-Type", "text/event-stream")], True),
    "with a charset, in capitals": ([("X-A", "1"), ("CONTENT-TYPE", "Text/Event-Stream; charset=utf-8")], True),
    "pictures of a camera": ([("Content-Type", "multipart/x-mixed-replace; boundary=frame")], True),
    "one that says so itself": ([("Content-Type", "text/event-stream"), ("X-Accel-Buffering", "no")], False),
    "one that is to be held back": ([("x-accel-buffering", "yes"), ("content-type", "text/event-stream")], False),
    "a page": ([("Content-Type", "text/html")], False),
    "nothing": ([], False),
}


@pytest.mark.parametrize(("headers", "is_held_back"), HELD_BACK.values(), ids=HELD_BACK)
@pytest.mark.parametrize("told", ["key 203.0.113.7", "kex 203.0.113.7"])
def test_streams(headers: list[tuple[str, str]], is_held_back: bool, told: str) -> None:
    """Nothing of a stream is held back by nginx. Whoever asks without nginx hears nothing of it."""
    added = [("X-Accel-Buffering", "no")] if is_held_back and told.startswith(PREFIX) else []
    started: list[Any] = []

    def wsgi(_: object, start_response: Any) -> None:
        start_response("200 OK", headers, None)

    djinit_told.with_wsgi_client(wsgi, PREFIX)({djinit_told.WSGI_NAME: told}, lambda *given: started.append(given))
    assert started == [("200 OK", headers + added, None)]

    # As gunicorn takes it, too.
    def named(_: object, start_response: Any) -> None:
        start_response("200 OK", headers, exc_info=None)

    wrapped = djinit_told.with_wsgi_client(named, PREFIX)
    wrapped({djinit_told.WSGI_NAME: told}, lambda *given, **more: started.append((*given, more)))
    assert started[1:] == [("200 OK", headers + added, {"exc_info": None})]

    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    body = {"type": "http.response.body", "body": b"data: 1\n\n"}

    async def asgi(_: object, __: object, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": iter(raw)})
        await send(body)

    sent: list[Any] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append({**message, "headers": list(message["headers"])} if "headers" in message else message)

    scope = {"type": "http", "headers": [(djinit_told.ASGI_NAME, told.encode())], "path": "/"}
    asyncio.run(djinit_told.with_asgi_client(asgi, PREFIX)(scope, print, send))
    wanted = [*raw, *((name.lower().encode(), value.encode()) for name, value in added)]
    assert sent == [{"type": "http.response.start", "status": 200, "headers": wanted}, body]


async def see(scope: dict[str, Any], *_: object) -> dict[str, Any]:
    return scope


def seen(path: str, kind: str = "http", told: str = "key 203.0.113.7", **more: Any) -> tuple[Any, ...]:
    """What the application finds of its place in a scope."""
    scope = {"type": kind, "path": path, "headers": [(djinit_told.ASGI_NAME, told.encode())], **more}
    given = asyncio.run(djinit_told.with_asgi_client(see, PREFIX)(scope, print, print))
    return (given.get("root_path"), given["path"], *([given["raw_path"]] if "raw_path" in given else []))


@pytest.mark.parametrize("told", ["key 203.0.113.7", "key unix:", "kex 203.0.113.7"])
def test_url_prefix(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All is below it, by whatever protocol, also what PID 1 asks. An ASGI path begins with it, a PATH_INFO does not."""
    monkeypatch.setattr(djinit_told, "URL_PREFIX", "/sh op")
    wsgi = djinit_told.with_wsgi_client(lambda given, _: given, PREFIX)
    environ = wsgi({djinit_told.WSGI_NAME: told, "PATH_INFO": "/tea/"}, print)
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("/sh op", "/tea/")
    assert seen("/tea/", told=told, raw_path=b"/tea/") == ("/sh op", "/sh op/tea/", b"/sh%20op/tea/")
    assert seen("/tea/", "websocket", told) == ("/sh op", "/sh op/tea/")
    assert seen("/sh op/tea/") == ("/sh op", "/sh op/sh op/tea/")


@pytest.mark.parametrize(
    ("variable", "setting", "expected"),
    [
        (None, "/shop", ("/shop", "/shop/tea/")),
        (None, None, (None, "/tea/")),
        (None, "/shop/", (None, "/tea/")),
        ("", "/shop", (None, "/tea/")),
        ("/cafe", "/shop", ("/cafe", "/cafe/tea/")),
    ],
)
def test_script_name(variable: str | None, setting: str | None, expected: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings' own, if the container says nothing; and nothing where nginx takes nothing away."""
    monkeypatch.setattr(djinit_told, "URL_PREFIX", variable)
    settings = SimpleNamespace(configured=True, FORCE_SCRIPT_NAME=setting)
    monkeypatch.setitem(sys.modules, "django.conf", SimpleNamespace(settings=settings))
    assert seen("/tea/") == expected


def test_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are not loaded for this, and a lifespan has no path."""
    monkeypatch.setattr(djinit_told, "URL_PREFIX", None)
    monkeypatch.setitem(sys.modules, "django.conf", SimpleNamespace(settings=SimpleNamespace(configured=False)))
    assert seen("/tea/") == (None, "/tea/")
    monkeypatch.setattr(djinit_told, "URL_PREFIX", "/shop")
    assert asyncio.run(djinit_told.with_asgi_client(see, PREFIX)({"type": "lifespan"}, print, print)) == {"type": "lifespan"}


def test_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Below 4.1 it routes a WebSocket by the path as it is."""

    class Older:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
            return scope["path"]

    class Newer:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
            return scope.get("root_path", "")

    monkeypatch.setattr(djinit_told, "URL_PREFIX", "/shop")
    for router, path in ((Older, "/live/"), (Newer, "/shop/live/")):
        monkeypatch.setitem(sys.modules, "channels.routing", SimpleNamespace(URLRouter=router))
        assert seen("/live/", "websocket") == ("/shop", path)
        assert seen("/live/")[1] == "/shop/live/"


ASGI = {
    "nginx's, with the time": ([b"key 203.0.113.7 1764170000.125"], ("203.0.113.7", 0)),
    "nginx's": ([b"key 203.0.113.7"], ("203.0.113.7", 0)),
    "nginx's, of a unix socket": ([b"key unix:"], None),
    "with another key": ([b"kex 203.0.113.7"], None),
    "twice": ([b"key 203.0.113.7", b"key 203.0.113.8"], None),
    "not there": ([], None),
}


@pytest.mark.parametrize(("told", "client"), ASGI.values(), ids=ASGI)
def test_asgi(told: list[bytes], client: tuple[str, int] | None) -> None:
    """The same for a scope."""

    async def application(scope: dict[str, Any], *_: object) -> dict[str, Any]:
        return scope

    headers = [(b"host", b"shop"), *((djinit_told.ASGI_NAME, value) for value in told)]
    wrapped = djinit_told.with_asgi_client(application, PREFIX)
    scope = asyncio.run(wrapped({"type": "http", "client": None, "headers": headers}, print, print))
    assert scope == {"type": "http", "client": client, "headers": [(b"host", b"shop")]}


@pytest.mark.parametrize(
    ("told", "proto", "scheme"),
    [("key 1.2.3.4", "https", "https"), ("kex 1.2.3.4", "https", "http"), ("key 1.2.3.4", "ftp", "http")],
)
def test_scheme(told: str, proto: str, scheme: str) -> None:
    """It is nginx's to tell, and only with the key."""
    wsgi = djinit_told.with_wsgi_client(lambda given, _: given, PREFIX, tells_scheme=True)
    environ = {djinit_told.WSGI_NAME: told, djinit_told.WSGI_SCHEME: proto, "wsgi.url_scheme": "http"}
    assert wsgi(environ, print)["wsgi.url_scheme"] == scheme

    async def application(scope: dict[str, Any], *_: object) -> dict[str, Any]:
        return scope

    asgi = djinit_told.with_asgi_client(application, PREFIX, tells_scheme=True)
    headers = [(djinit_told.ASGI_NAME, told.encode()), (djinit_told.ASGI_SCHEME, proto.encode())]
    for kind, was in (("http", "http"), ("websocket", "ws")):
        scope = {"type": kind, "scheme": was, "headers": headers}
        assert asyncio.run(asgi(scope, print, print))["scheme"] == scheme.replace("http", was)
