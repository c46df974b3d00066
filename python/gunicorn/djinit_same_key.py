"""Notices a SECRET_KEY that each worker makes up for itself.

`SECRET_KEY = os.getenv("SECRET_KEY", get_random_secret_key())`, as tutorials have it, does well with gunicorn's own single
worker. Of several, each refuses the sessions and the forms that another has signed, and people are logged out at random.
gunicorn's file runs this; the workers compare what they have when they have loaded the application.
"""

import fcntl
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from hashlib import blake2b
from typing import Any

from gunicorn.app.wsgiapp import WSGIApplication

TEXT = (
    "SECRET_KEY is another one in each worker: they refuse each other's sessions and forms, so people are logged out at random; "
    "the settings make it up anew each time: give all the same, by the variable that they read"
)
SALT = os.urandom(16)
#: Only what is alike or not is kept, and by nobody but the workers.
SIZE = 32
TOLD = b"!"


def is_news(fd: int, key: str) -> bool:
    """Whether the key is another one than the first worker's, and nobody has said so yet."""
    digest = blake2b(key.encode(), digest_size=SIZE, key=SALT).digest()
    fcntl.lockf(fd, fcntl.LOCK_EX)
    try:
        known = os.pread(fd, SIZE + len(TOLD), 0)
        if not known:
            os.pwrite(fd, digest, 0)
        elif known[:SIZE] != digest and len(known) == SIZE:
            os.pwrite(fd, TOLD, SIZE)
            return True
        return False
    finally:
        fcntl.lockf(fd, fcntl.LOCK_UN)


def compares(load: Callable[..., Any], fd: int) -> Callable[..., Any]:
    """Make a worker that has loaded the application compare."""

    @wraps(load)
    def loads(app: WSGIApplication) -> Any:
        application = load(app)
        with suppress(Exception):
            conf = sys.modules.get("django.conf")
            if conf is not None and conf.settings.configured and is_news(fd, conf.settings.SECRET_KEY):
                print(json.dumps({"level": "warn", "msg": TEXT}), flush=True)
        return application

    vars(loads)["djinit_key"] = fd
    return loads


known_by = vars(WSGIApplication.load).get("djinit_key")
if known_by is None:
    WSGIApplication.load = compares(WSGIApplication.load, os.memfd_create("secret-key"))
else:
    # A reload may bring another key to all.
    os.ftruncate(known_by, 0)
