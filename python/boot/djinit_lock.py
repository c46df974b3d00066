"""One container at a time: the lock around whatever changes the database.

It lives in a connection of its own, in a thread of its own, which looks after it: a lock that is lost ends the work.
PostgreSQL's is the same that djinit itself takes (src/boot/schema/lock.ts), of one transaction, so that it is right
through a pooler too.
"""

import contextlib
import fcntl
import hashlib
import os
import random
import signal
import threading

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 1.0
# Below what poolers allow an idle transaction.
CHECK_SECONDS = 5

POSTGRES_SETTINGS = """
SELECT set_config(name, '0', true) FROM pg_settings
WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout', 'statement_timeout')
"""
POSTGRES_LOCK = """
SELECT pg_try_advisory_xact_lock(hashtextextended(concat_ws(chr(31), 'djinit', current_schema(), %s::text), 0))
"""


def project():
    """What all containers of one project have in common."""
    return os.environ.get("DJANGO_SETTINGS_MODULE", "").partition(".")[0]


class PostgresLock:
    def __init__(self, connection):
        self.connection = connection
        connection.ensure_connection()
        connection.set_autocommit(False)

    def one(self, sql, *parameters):
        with self.connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchone()

    def take(self):
        self.one(POSTGRES_SETTINGS)
        if self.one(POSTGRES_LOCK, project())[0]:
            self.check()
            return True
        # Not even a place in the pooler is kept while waiting.
        self.connection.rollback()
        return False

    def check(self):
        # Takes no snapshot: CREATE INDEX CONCURRENTLY waits for the end of a transaction that it sees with one.
        self.one("SHOW transaction_isolation")

    def release(self):
        self.connection.rollback()
        self.connection.close()


class MysqlLock(PostgresLock):
    """GET_LOCK is the server's, not the database's, and takes names of up to 64 characters."""

    def __init__(self, connection):
        self.connection = connection
        database = connection.settings_dict["NAME"]
        self.name = "djinit:" + hashlib.sha256(f"{database}\x1f{project()}".encode()).hexdigest()[:40]

    def take(self):
        return self.one("SELECT GET_LOCK(%s, 0)", self.name)[0] == 1

    def check(self):
        if self.one("SELECT IS_USED_LOCK(%s) = CONNECTION_ID()", self.name)[0] != 1:
            raise RuntimeError("the server has given it to another")

    def release(self):
        self.connection.close()


class NoLockFile(Exception):
    """Nor could the database, which lies beside it, be changed."""

    blamed = "unusable"


class FileLock:
    def __init__(self, path):
        try:
            self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
        except OSError as error:
            raise NoLockFile(f"cannot make the lock file {path} (uid {os.geteuid()}): {error.strerror}") from error

    def take(self):
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False

    def check(self):
        pass

    def release(self):
        os.close(self.fd)


def lock_of_default():
    """The lock of the default database; None where there is no way to have one. In the thread that is to hold it."""
    from django.db import connections

    settings = connections["default"].settings_dict
    vendor = connections["default"].vendor
    if vendor == "postgresql":
        return PostgresLock(connections.create_connection("default"))
    if vendor == "mysql":
        return MysqlLock(connections.create_connection("default"))
    if vendor == "sqlite":
        name = str(settings["NAME"])
        return None if ":memory:" in name or "mode=memory" in name else FileLock(f"{name}.djinit-lock")
    return None


class Lock:
    """`with Lock(on_wait):` holds it, or raises what hindered it. `lost` tells why it is no longer held."""

    def __init__(self, on_wait, on_missing):
        self.on_wait = on_wait
        self.on_missing = on_missing
        self.lost = None
        self.failure = None
        self.held = threading.Event()
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.keep, daemon=True)

    def __enter__(self):
        self.thread.start()
        # In pieces, so that a signal's handler gets its turn.
        while not self.held.wait(1):
            pass
        if self.failure is not None:
            raise self.failure
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()

    def keep(self):
        lock = None
        try:
            lock = lock_of_default()
            if lock is None:
                self.on_missing()
            else:
                self.wait_for(lock)
        except Exception as error:
            self.failure = error
        self.held.set()
        if lock is None:
            return
        try:
            while self.failure is None and not self.done.wait(CHECK_SECONDS):
                lock.check()
        except Exception as error:
            self.lost = error
            os.kill(os.getpid(), signal.SIGTERM)
        # At its end the process lets go of it anyhow.
        with contextlib.suppress(Exception):
            lock.release()

    def wait_for(self, lock):
        pause = FIRST_PAUSE_SECONDS
        while not lock.take():
            if pause == FIRST_PAUSE_SECONDS:
                self.on_wait()
            if self.done.wait(pause * random.uniform(0.7, 1)):
                raise RuntimeError("stopped")
            pause = min(pause * 1.25, LONGEST_PAUSE_SECONDS)
