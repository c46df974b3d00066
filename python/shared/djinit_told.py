"""What nginx says of the client and of the site: REMOTE_ADDR, the client of an ASGI scope, the scheme, the script's name.

A unix socket has no peer's address. nginx puts one into a header, with a key that is new at each start: whatever else
reaches the server may have that header, but not the key. What has no key keeps the address that the server found itself.
"""

import os
import runpy
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

#: As in djinit_gunicorn.py.
RUN = os.environ.get("DJINIT_RUN_DIRECTORY", "/run")
# One line of nginx's: `1 KEY;`.
KEY_FILE = Path(f"{RUN}/djinit/nginx-client-key.conf")
WSGI_NAME = "HTTP_X_DJINIT_CLIENT"
ASGI_NAME = b"x-djinit-client"
# nginx's own, or a trusted proxy's.
WSGI_SCHEME = "HTTP_X_FORWARDED_PROTO"
ASGI_SCHEME = b"x-forwarded-proto"
SCHEMES = ("http", "https")
# gunicorn's way to send 103 before an answer, which nginx before 1.29 takes for the answer.
EARLY_HINTS = "wsgi.early_hints"
# Answers that go on until somebody leaves. nginx holds back up to 16 KiB of an answer unless it is told not to.
WSGI_STREAM = ("content-type", ("text/event-stream", "multipart/x-mixed-replace"), "x-accel-buffering")
ASGI_STREAM = (b"content-type", (b"text/event-stream", b"multipart/x-mixed-replace"), b"x-accel-buffering")
# What nginx calls the client of a unix socket of its own.
NO_ADDRESS = "unix:"
# nginx takes it away from the path. Nothing: nginx takes nothing away. None: what the settings say.
URL_PREFIX = os.environ.get("DJINIT_URL_PREFIX")


def read_key() -> str:
    """The key, or nothing where djinit has started no nginx."""
    try:
        return KEY_FILE.read_text(encoding="ascii").split()[1].rstrip(";")
    except (OSError, ValueError, IndexError):
        return ""


class Queue:
    """Loaded with the first request, for a start has no time for it."""

    took: Callable[[str], None] | None = None


def count_wait(since: str) -> None:
    """Tell how long the request waited, where nginx's files say since when."""
    if not since:
        return
    if Queue.took is None:
        Queue.took = staticmethod(runpy.run_path("/usr/local/lib/djinit/djinit_queue.py")["took"])
    Queue.took(since)


def is_held_back(headers: Iterable[tuple[Any, Any]], words: tuple[Any, ...]) -> bool:
    """Return whether nginx would keep a stream's pieces, because the answer does not say that it may not."""
    kind, streams, buffering = words
    is_stream = False
    for name, value in headers:
        lower = name.lower()
        if lower == buffering:
            return False
        if lower == kind:
            is_stream = value.lower().startswith(streams)
    return is_stream


def passing_streams(start_response: Callable[..., Any]) -> Callable[..., Any]:
    """WSGI's start_response. A client that names no event stream in Accept may get one: a text that is being written."""

    # Servers take `exc_info` by its name as well.
    def starts(status: str, headers: list[tuple[str, str]], *error: Any, **named: Any) -> Any:
        if is_held_back(headers, WSGI_STREAM):
            headers = [*headers, ("X-Accel-Buffering", "no")]
        return start_response(status, headers, *error, **named)

    return starts


def sending_streams(send: Callable[..., Any]) -> Callable[..., Any]:
    """The same of ASGI."""

    async def sends(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            if is_held_back(headers, ASGI_STREAM):
                headers.append((b"x-accel-buffering", b"no"))
            message = {**message, "headers": headers}
        await send(message)

    return sends


def with_wsgi_client(application: Callable[..., Any], prefix: str, *, tells_scheme: bool = False) -> Callable[..., Any]:
    """The application with nginx's word in REMOTE_ADDR. `tells_scheme`: and in wsgi.url_scheme, which gunicorn sees to itself."""
    length = len(prefix)

    def with_client(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        told = environ.pop(WSGI_NAME, "")
        environ.pop(EARLY_HINTS, None)
        if told.startswith(prefix):
            address, _, since = told[length:].partition(" ")
            count_wait(since)
            start_response = passing_streams(start_response)
        # Also where PID 1 asks: Django keeps a STATIC_URL as it was at its first use. FORCE_SCRIPT_NAME is Django's to add.
        if URL_PREFIX:
            environ["SCRIPT_NAME"] = URL_PREFIX
        if tells_scheme and told.startswith(prefix) and environ.get(WSGI_SCHEME) in SCHEMES:
            environ["wsgi.url_scheme"] = environ[WSGI_SCHEME]
        if told.startswith(prefix) and address != NO_ADDRESS:
            environ["REMOTE_ADDR"] = address
            # That of nginx, where gunicorn listens at TCP.
            environ.pop("REMOTE_PORT", None)
        return application(environ, start_response)

    return with_client


def tell_scheme(scope: dict[str, Any], headers: Iterable[tuple[bytes, bytes]]) -> None:
    """A WebSocket's is ws or wss."""
    for name, value in headers:
        if name == ASGI_SCHEME and value.decode("latin-1") in SCHEMES:
            scheme = value.decode("latin-1")
            scope["scheme"] = scheme.replace("http", "ws") if scope["type"] == "websocket" else scheme


def script_name() -> str:
    """What nginx has taken away from the path."""
    if URL_PREFIX is not None:
        return URL_PREFIX
    settings = getattr(sys.modules.get("django.conf"), "settings", None)
    # Of one that ends with a slash Django would leave no slash before the rest.
    name = (settings.FORCE_SCRIPT_NAME or "") if settings is not None and settings.configured else ""
    return "" if name.endswith("/") else name


def knows_root_path() -> bool:
    """Return whether what routes WebSockets takes root_path away. Channels does so from 4.1 on, and then insists on it."""
    routing = sys.modules.get("channels.routing")
    return routing is None or "root_path" in routing.URLRouter.__call__.__code__.co_consts


def tell_path(scope: dict[str, Any]) -> None:
    """Put the script's name before the path again: an ASGI path has it, other than WSGI's PATH_INFO."""
    name = script_name()
    if not name or scope["type"] == "lifespan":
        return
    scope["root_path"] = name
    if scope["type"] == "websocket" and not knows_root_path():
        return
    scope["path"] = name + scope["path"]
    if scope.get("raw_path"):
        scope["raw_path"] = quote(name).encode() + scope["raw_path"]


def with_asgi_client(application: Callable[..., Any], prefix: str, *, tells_scheme: bool = False) -> Callable[..., Any]:
    """The application with nginx's word in the scope."""
    start, length = prefix.encode(), len(prefix)

    async def with_client(scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> Any:
        headers = scope.get("headers", ())
        told = [value for name, value in headers if name == ASGI_NAME]
        if told:
            scope["headers"] = [header for header in headers if header[0] != ASGI_NAME]
            if told[0].startswith(start) and len(told) == 1:
                if tells_scheme:
                    tell_scheme(scope, headers)
                address, _, since = told[0][length:].decode("ascii").partition(" ")
                count_wait(since)
                if scope["type"] == "http":
                    send = sending_streams(send)
                if address != NO_ADDRESS:
                    scope["client"] = (address, 0)
        tell_path(scope)
        return await application(scope, receive, send)

    return with_client
