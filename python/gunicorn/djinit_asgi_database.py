"""Has Django close its database connections after each request, where the application speaks ASGI.

Django runs each request of ASGI in a thread of its own. A connection that `CONN_MAX_AGE` keeps open is no other request's: it
stays behind when the thread has ended, until garbage is looked for, and the database's connections run out. Django's
documentation asks for 0 there. Run by gunicorn's file once the application is loaded.
"""

import sys
from contextlib import suppress


def close_after_requests() -> None:
    """Set `CONN_MAX_AGE` to 0. A project without Django, or without a database, is left alone."""
    if "django.db" not in sys.modules:
        return
    # Whatever is wrong with the settings is Django's to say.
    with suppress(Exception):
        from django.db import connections

        for database in connections.databases.values():
            database["CONN_MAX_AGE"] = 0


close_after_requests()
