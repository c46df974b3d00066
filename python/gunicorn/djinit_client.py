"""Makes REMOTE_ADDR, and the client of an ASGI scope, what nginx says it is, and the script's name what the container is told.

gunicorn's configuration runs this file. djinit_told.py has what is told.
"""

import runpy
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from gunicorn.app.base import BaseApplication

told = runpy.run_path("/usr/local/lib/djinit/djinit_told.py")
speaks_asgi = runpy.run_path("/usr/local/lib/djinit/djinit_speaks.py")["speaks_asgi"]


def telling_client(load: Callable[[BaseApplication], Any]) -> Callable[[BaseApplication], Any]:
    """Wrap what is loaded. The application itself stays what it is, also where others look at it."""

    @wraps(load)
    def loads(app: BaseApplication) -> Any:
        application = load(app)
        hold: Any = sys.modules.get("djinit_hold")
        if hold is not None:
            hold.loaded()
        # Not before: djinit writes the key before it lets through.
        key = told["read_key"]()
        if not key:
            return application
        prefix = f"{key} "
        # gunicorn's own worker for ASGI speaks nothing else.
        is_asgi = app.cfg.worker_class.__module__ == "gunicorn.workers.gasgi" or speaks_asgi(application)
        return told["with_asgi_client" if is_asgi else "with_wsgi_client"](application, prefix)

    vars(loads)["djinit_load"] = load
    return loads


def install() -> None:
    """Once for each worker's application, also when the configuration is read again."""
    load = getattr(BaseApplication.wsgi, "djinit_load", BaseApplication.wsgi)
    BaseApplication.wsgi = telling_client(load)


install()
