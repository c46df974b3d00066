"""djinit_told: nginx's word is taken with the key, and with nothing else."""

import asyncio
from typing import Any

import djinit_told
import pytest

PREFIX = "key "
WSGI = {
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


def test_url_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has come by nginx is below it, by whatever protocol; what has not is not."""
    monkeypatch.setattr(djinit_told, "URL_PREFIX", "/shop")

    async def application(scope: dict[str, Any], *_: object) -> dict[str, Any]:
        return scope

    wsgi = djinit_told.with_wsgi_client(lambda given, _: given, PREFIX)
    asgi = djinit_told.with_asgi_client(application, PREFIX)
    for told, expected in (("key 203.0.113.7", "/shop"), ("key unix:", "/shop"), ("kex 203.0.113.7", None)):
        assert wsgi({djinit_told.WSGI_NAME: told}, print).get("SCRIPT_NAME") == expected
        scope = {"headers": [(djinit_told.ASGI_NAME, told.encode())]}
        assert asyncio.run(asgi(scope, print, print)).get("root_path") == expected


ASGI = {
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
    scope = asyncio.run(wrapped({"client": None, "headers": headers}, print, print))
    assert scope == {"client": client, "headers": [(b"host", b"shop")]}


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
