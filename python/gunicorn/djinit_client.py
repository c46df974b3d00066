"""Makes REMOTE_ADDR, and the client of an ASGI scope, what nginx says it is, and the script's name what the container is told.

gunicorn's configuration runs this file.

A unix socket has no peer's address. nginx puts one into a header, with a key that is new at each start: whatever else
reaches gunicorn may have that header, but not the key. What has no key keeps the address that the server found itself.
"""

import os
import runpy
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

#: As in djinit_gunicorn.py.
RUN = os.environ.get("DJINIT_RUN_DIRECTORY", "/run")
# One line of nginx's: `1 KEY;`.
KEY_FILE = Path(f"{RUN}/djinit/nginx-client-key.conf")
WSGI_NAME = "HTTP_X_DJINIT_CLIENT"
ASGI_NAME = b"x-djinit-client"
# What nginx calls the client of a unix socket of its own.
NO_ADDRESS = "unix:"
# nginx takes it away from the path.
URL_PREFIX = os.environ.get("DJINIT_URL_PREFIX", "")

speaks_asgi = runpy.run_path(str(Path(__file__).with_name("djinit_interface.py")))["speaks_asgi"]


def read_key() -> str:
    """The key, or nothing where djinit has started no nginx."""
    try:
        return KEY_FILE.read_text(encoding="ascii").split()[1].rstrip(";")
    except (OSError, ValueError, IndexError):
        return ""


def with_wsgi_client(application: Callable[..., Any], prefix: str) -> Callable[..., Any]:
    """The application with nginx's word in REMOTE_ADDR."""
    length = len(prefix)

    def with_client(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        told = environ.pop(WSGI_NAME, "")
        if URL_PREFIX and told.startswith(prefix):
            environ["SCRIPT_NAME"] = URL_PREFIX
        if told.startswith(prefix) and told[length:] != NO_ADDRESS:
            environ["REMOTE_ADDR"] = told[length:]
            # That of nginx, where gunicorn listens at TCP.
            environ.pop("REMOTE_PORT", None)
        return application(environ, start_response)

    return with_client


def with_asgi_client(application: Callable[..., Any], prefix: str) -> Callable[..., Any]:
    """The application with nginx's word in the scope."""
    start, length = prefix.encode(), len(prefix)

    async def with_client(scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> Any:
        headers = scope.get("headers", ())
        told = [value for name, value in headers if name == ASGI_NAME]
        if told:
            scope["headers"] = [header for header in headers if header[0] != ASGI_NAME]
            if told[0].startswith(start) and len(told) == 1:
                if URL_PREFIX:
                    scope["root_path"] = URL_PREFIX
                address = told[0][length:].decode("ascii")
                if address != NO_ADDRESS:
                    scope["client"] = (address, 0)
        return await application(scope, receive, send)

    return with_client


def telling_client(load: Callable[[BaseApplication], Any], prefix: str) -> Callable[[BaseApplication], Any]:
    """Wrap what is loaded. The application itself stays what it is, also where others look at it."""

    @wraps(load)
    def loads(app: BaseApplication) -> Any:
        application = load(app)
        # gunicorn's own worker for ASGI speaks nothing else.
        is_asgi = app.cfg.worker_class.__module__ == "gunicorn.workers.gasgi" or speaks_asgi(application)
        return (with_asgi_client if is_asgi else with_wsgi_client)(application, prefix)

    vars(loads)["djinit_load"] = load
    return loads


def install() -> None:
    """Once for each worker's application, also when the configuration is read again."""
    load = getattr(BaseApplication.wsgi, "djinit_load", BaseApplication.wsgi)
    key = read_key()
    BaseApplication.wsgi = telling_client(load, f"{key} ") if key else load


install()
