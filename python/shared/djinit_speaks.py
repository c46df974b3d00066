"""By which interface an application is called: WSGI or ASGI. Its name does not tell (`app.asgi`, `main:app`)."""

import inspect
from functools import partial
from typing import Any

#: scope, receive, send. WSGI has environ and start_response.
ASGI_ARGUMENTS = 3


def speaks_asgi(application: Any) -> bool:
    """Return whether this is ASGI: a coroutine function, as uvicorn asks, or something that takes three arguments."""
    while isinstance(application, partial):
        application = application.func
    if inspect.isclass(application):
        return False
    is_plain = inspect.isfunction(application) or inspect.ismethod(application) or not callable(application)
    called = application if is_plain else application.__call__
    return inspect.iscoroutinefunction(called) or takes_three(called)


def takes_three(called: Any) -> bool:
    """Return whether it wants three arguments and cannot do with two."""
    try:
        wanted = inspect.signature(called)
    except (TypeError, ValueError):
        return False
    try:
        wanted.bind(*range(ASGI_ARGUMENTS))
    except TypeError:
        return False
    try:
        wanted.bind(*range(ASGI_ARGUMENTS - 1))
    except TypeError:
        return True
    return False
