"""Hashes the superuser's password while a new database is made.

A hash is slow on purpose, and is made in C, without the interpreter's lock; a migration mostly waits for the server.
"""

import contextlib
import threading
from typing import Any


def is_new_database() -> bool:
    """Whether nobody has migrated it yet. In any other the superuser is likely to be there."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    return not MigrationRecorder(connection).has_table()


def hash_beside(password: str) -> None:
    """Begin to hash it; whoever asks Django's own hasher for this password's hash, with whatever salt, gets this one."""
    from django.contrib.auth.hashers import get_hasher

    try:
        hasher = get_hasher()
    except Exception:  # the step itself will say what is wrong
        return
    encode = hasher.encode
    hashed: list[str] = []

    def work() -> None:
        # What goes wrong here goes wrong once more where it is reported.
        with contextlib.suppress(Exception):
            hashed.append(encode(password, hasher.salt()))

    thread = threading.Thread(target=work, daemon=True)

    def encode_or_wait(given: str, *salt: Any, **more: Any) -> Any:
        if given == password and not more:
            thread.join()
            if hashed:
                return hashed.pop()
        return encode(given, *salt, **more)

    hasher.encode = encode_or_wait
    thread.start()
