"""An application that ends the process while it is loaded has not been loaded, whatever the status.

Run by gunicorn's file. `sys.exit(0)` in a project's settings would otherwise be a worker that has ended well, to be replaced
by the next one for ever; and `gunicorn --check-config` a check that has found all in order.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from gunicorn.app.wsgiapp import WSGIApplication
from gunicorn.errors import AppImportError

#: src/plan/check-proof.ts looks for them.
BEGUN = "checking whether the application can be loaded"
DONE = "the application can be loaded"


def say(app: WSGIApplication, text: str) -> None:
    """Only where gunicorn does nothing but check."""
    if app.cfg.check_config:
        print(text, flush=True)


def to_its_end(load: Callable[..., Any]) -> Callable[..., Any]:
    """Make what ends the process an error, and a check say that it has come to its end."""

    @wraps(load)
    def loads(app: WSGIApplication) -> Any:
        say(app, BEGUN)
        try:
            application = load(app)
        except SystemExit as error:
            status = error.code
            how = f"with status {int(status or 0)}" if status is None or isinstance(status, int) else f"saying {status}"
            raise AppImportError(f"Failed to load the application: it ended the process {how}") from error
        say(app, DONE)
        return application

    return loads


# Once: gunicorn's file is read again by a reload.
if not hasattr(WSGIApplication.load, "__wrapped__"):
    WSGIApplication.load = to_its_end(WSGIApplication.load)
