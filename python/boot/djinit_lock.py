"""One container at a time: the lock around whatever changes the database.

It lives in a connection of its own, in a thread of its own, which looks after it: a lock that is lost ends the work.
PostgreSQL's is the same that djinit itself takes (src/boot/schema/lock.ts), of one transaction, so that it is right
through a pooler too.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import djinit_blame
import djinit_patience

if TYPE_CHECKING:
    from typing_extensions import Self

# Below what poolers allow an idle transaction.
CHECK_SECONDS = 5

FEATURE_NOT_SUPPORTED = "0A000"
UNDEFINED_FUNCTION = "42883"

# The last three let the server notice a dead container soon. Its own are two hours.
POSTGRES_SETTINGS = """
SELECT set_config(name, wanted_value, true) FROM pg_settings JOIN (VALUES
    ('idle_in_transaction_session_timeout', '0'), ('transaction_timeout', '0'), ('statement_timeout', '0'),
    ('tcp_keepalives_idle', '10'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3')
) AS wanted (wanted_name, wanted_value) ON wanted_name = name
"""
POSTGRES_LOCK = """
SELECT pg_try_advisory_xact_lock(hashtextextended(concat_ws(chr(31), 'djinit', current_schema(), %s::text), 0))
"""


def project() -> str:
    """What all containers of one project have in common."""
    return os.environ.get("DJANGO_SETTINGS_MODULE", "").partition(".")[0]


class PostgresLock:
    """An advisory lock for the length of one transaction."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def one(self, sql: str, *parameters: Any) -> Any:
        """The only row."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchone()

    def take(self) -> bool:
        """Whether it is ours now. Does not wait, and holds no connection where it is another's."""
        self.connection.ensure_connection()
        self.connection.set_autocommit(False)
        self.one(POSTGRES_SETTINGS)
        if self.one(POSTGRES_LOCK, project())[0]:
            self.check()
            return True
        self.release()
        return False

    def check(self) -> None:
        """Raise where it is ours no longer."""
        # Takes no snapshot: CREATE INDEX CONCURRENTLY waits for the end of a transaction that it sees with one.
        self.one("SHOW transaction_isolation")

    def release(self) -> None:
        """Let others have it."""
        self.connection.rollback()
        self.connection.close()


class MysqlLock(PostgresLock):
    """GET_LOCK is the server's, not the database's, and takes names of up to 64 characters.

    Where the machine of a container has died the server keeps it until it gives up the session: after eight hours, unless told.
    """

    IDLE_SECONDS = 120

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        database = connection.settings_dict["NAME"]
        self.name = "djinit:" + hashlib.sha256(f"{database}\x1f{project()}".encode()).hexdigest()[:40]

    def take(self) -> bool:
        """Whether it is ours now. Does not wait, and holds no connection where it is another's."""
        with self.connection.cursor() as cursor:
            cursor.execute("SET SESSION wait_timeout = %s", [self.IDLE_SECONDS])
        if self.one("SELECT GET_LOCK(%s, 0)", self.name)[0] == 1:
            return True
        self.release()
        return False

    def check(self) -> None:
        """Raise where it is ours no longer."""
        if self.one("SELECT IS_USED_LOCK(%s) = CONNECTION_ID()", self.name)[0] != 1:
            raise RuntimeError("the server has given it to another")

    def release(self) -> None:
        """Let others have it."""
        self.connection.close()


class NoLockFile(Exception):
    """Nor could the database, which lies beside it, be changed."""

    blamed = "unusable"


class FileLock:
    """For SQLite: a file beside the database."""

    def __init__(self, path: str) -> None:
        try:
            self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
        except OSError as error:
            raise NoLockFile(f"cannot make the lock file {path} (uid {os.geteuid()}): {error.strerror}") from error

    def take(self) -> bool:
        """Whether it is ours now. Does not wait."""
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False

    def check(self) -> None:
        """Nobody can take it away."""

    def release(self) -> None:
        """Let others have it."""
        os.close(self.fd)


def without_pool(connection: Any) -> Any:
    """One of its own. Of a pool of psycopg's with one connection none would be left for the migration."""
    settings = connection.settings_dict
    options = {name: value for name, value in (settings.get("OPTIONS") or {}).items() if name != "pool"}
    connection.settings_dict = {**settings, "OPTIONS": options}
    return connection


def lock_of(alias: str) -> PostgresLock | FileLock | None:
    """The lock of a database; None where there is no way to have one. In the thread that is to hold it."""
    from django.db import connections

    settings = connections[alias].settings_dict
    vendor = connections[alias].vendor
    if vendor == "postgresql":
        return PostgresLock(without_pool(connections.create_connection(alias)))
    if vendor == "mysql":
        return MysqlLock(connections.create_connection(alias))
    if vendor == "sqlite":
        name = str(settings["NAME"])
        return None if ":memory:" in name or "mode=memory" in name else FileLock(f"{name}.djinit-lock")
    return None


def has_no_locks(error: BaseException) -> bool:
    """Whether the server speaks as PostgreSQL does, and has no such locks: YugabyteDB, CockroachDB, Redshift."""
    for link in djinit_blame.chain(error):
        # psycopg 3 and psycopg2 name it differently.
        code = getattr(link, "sqlstate", None) or getattr(link, "pgcode", None)
        if code in (FEATURE_NOT_SUPPORTED, UNDEFINED_FUNCTION):
            return True
    return False


class Lock:
    """`with Lock(on_wait):` holds it, or raises what hindered it. `lost` tells why it is no longer held."""

    def __init__(self, on_wait: Callable[[], None], on_missing: Callable[[], None], alias: str = "default") -> None:
        self.alias = alias
        self.on_wait = on_wait
        self.on_missing = on_missing
        self.lost: Exception | None = None
        self.failure: Exception | None = None
        self.held = threading.Event()
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.keep, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        # In pieces, so that a signal's handler gets its turn.
        if not self.held.wait(1):
            self.let_go_of_connections()
        while not self.held.wait(1):
            pass
        if self.failure is not None:
            raise self.failure
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()

    def let_go_of_connections(self) -> None:
        """Of this thread, which waits now: whoever migrates may need them."""
        from django.db import connections

        connections.close_all()

    def keep(self) -> None:
        """Take it, look after it, let go of it: what the thread does."""
        lock = None
        try:
            lock = lock_of(self.alias)
            if lock is None:
                self.on_missing()
            else:
                self.wait_for(lock)
        except Exception as error:
            if lock is not None and has_no_locks(error):
                with contextlib.suppress(Exception):
                    lock.release()
                lock = None
                self.on_missing()
            else:
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

    def wait_for(self, lock: PostgresLock | FileLock) -> None:
        """Ask for it again and again. The database has answered before: that it has no connection left may pass."""
        patience = djinit_patience.Patience()
        has_told = False
        while True:
            try:
                if lock.take():
                    return
                patience.has_answered()
                if not has_told:
                    self.on_wait()
                has_told = True
            except Exception as error:
                if not patience.bears(error):
                    raise
                with contextlib.suppress(Exception):
                    lock.release()
            if self.done.wait(patience.next_pause()):
                raise RuntimeError("stopped")
