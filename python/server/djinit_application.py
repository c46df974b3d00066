"""The project's application, as djinit gives it to a web server other than gunicorn.

The server, or each of its processes, imports this module. DJINIT_APPLICATION names the application.
"""

import os
import runpy
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from djinit_garbage import paused
from djinit_sockets import forget_the_dead, with_sockets
from djinit_speaks import speaks_asgi
from djinit_told import read_key, with_asgi_client, with_wsgi_client

#: Without a name after the colon. hypercorn's own is `app`.
USUAL_NAMES = ("application", "app")
#: The same as djinit_load.py's.
BEGUN = "checking whether the application can be loaded"
DONE = "the application can be loaded"


def load(path: str) -> Any:
    """Return what `package.module:name` names. Errors: the import's own; AttributeError; RuntimeError."""
    # hypercorn also takes `asgi:package.module:name`.
    module_name, _, name = path.removeprefix("asgi:").removeprefix("wsgi:").partition(":")
    try:
        with paused():
            found: Any = import_module(module_name)
    except SystemExit as error:
        raise RuntimeError(f"cannot load {module_name}: it ended the process with {error.code!r}") from error
    if not name:
        name = next((usual for usual in USUAL_NAMES if hasattr(found, usual)), USUAL_NAMES[0])
    for part in name.removesuffix("()").split("."):
        found = getattr(found, part)
    return found() if name.endswith("()") or os.environ.get("DJINIT_FACTORY") else found


def told(application: Any, key: str) -> Any:
    """Return the application with what nginx says, by the interface that it has."""
    is_asgi = speaks_asgi(application)
    if is_asgi:
        application = with_sockets(with_lifespan(application))
    if not key:
        return application
    with_client = with_asgi_client if is_asgi else with_wsgi_client
    return with_client(application, f"{key} ", tells_scheme=True)


def with_lifespan(application: Any) -> Any:
    """The application with an answer to `lifespan`, where it raises at once. hypercorn would warn of each start of Django's."""

    async def with_answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await application(scope, receive, send)
            return
        begun = False

        async def receives() -> Any:
            nonlocal begun
            begun = True
            return await receive()

        try:
            await application(scope, receives, send)
            return
        except Exception:
            if begun:
                raise
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return

    return with_answer


def mend_server(name: str) -> None:
    """Mend what must be mended in each process of the server."""
    mend = Path(__file__).with_name(f"djinit_{name}_worker.py")
    if name and mend.exists():
        runpy.run_path(str(mend))


if __name__ == "djinit_application_check":
    print(BEGUN, flush=True)
    load(os.environ["DJINIT_APPLICATION"])
    print(DONE, flush=True)
    sys.exit(0)

application = told(load(os.environ["DJINIT_APPLICATION"]), read_key())
forget_the_dead()
mend_server(os.environ.get("DJINIT_SERVER", ""))
