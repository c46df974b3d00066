"""The schema: what is pending, and how it is applied without getting in the way of those who use the database."""

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import djinit_blame
import djinit_command
import djinit_patience
from djinit_databases import DEFAULT, label

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
LOCK_NOT_AVAILABLE = "55P03"

#: (app, name) of a migration.
Key = tuple[str, str]


class LockTimeout(Exception):
    """Another session held a table's lock each time that a migration asked for it."""


def load_history(alias: str = DEFAULT) -> tuple[Any, Any]:
    """(loader, keys that are recorded) for a database."""
    from django.db import connections
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.recorder import MigrationRecorder

    connection = connections[alias]
    loader = MigrationLoader(connection)
    if not loader.applied_migrations:
        djinit_blame.refuse_hidden_history(connection)
    return loader, MigrationRecorder(connection).applied_migrations()


def pending_in(aliases: list[str]) -> list[str]:
    """The same for several databases, with the names of those that are not the default one."""
    return [label(name, alias) for alias in aliases for name in pending(alias)]


def pending(alias: str = DEFAULT) -> list[str]:
    """Names of the migrations that are on disk and not recorded, wherever in the history they lie.

    What a squashed migration replaces is not in the graph, or the squashed one is not, whichever the database has. A squashed
    one of which only the parts are recorded is still to be recorded itself. src/boot/schema/compare.ts means the same.
    Raises where a migration is recorded whose dependency is not, as `migrate` does.
    """
    from django.db import connections

    loader, recorded = load_history(alias)
    loader.check_consistent_history(connections[alias])
    return sorted(f"{app}.{name}" for app, name in loader.graph.nodes if (app, name) not in recorded)


def known(loader: Any) -> list[dict[str, Any]]:
    """Every migration that is on disk, for src/boot/schema/manifest.ts."""
    needed = dependencies(loader)
    return [
        {
            "app": app,
            "name": name,
            "replaces": [list(key) for key in migration.replaces],
            "dependencies": [list(key) for key in sorted(needed[app, name])],
        }
        for (app, name), migration in sorted(loader.disk_migrations.items())
    ]


def dependencies(loader: Any) -> dict[Key, set[Key]]:
    """Which migrations each of them must come after, as the graph has it before anything is replaced."""
    needed: dict[Key, set[Key]] = {key: set() for key in loader.disk_migrations}
    for key, migration in loader.disk_migrations.items():
        parents = (loader.check_key(tuple(parent), key[0]) for parent in migration.dependencies)
        needed[key].update(filter(None, parents))
        for child in filter(None, (loader.check_key(tuple(child), key[0]) for child in migration.run_before)):
            needed.setdefault(child, set()).add(key)
    return needed


def known_and_recorded(alias: str = DEFAULT) -> tuple[list[dict[str, Any]], list[dict[str, str]], str | None]:
    """What is on disk, what the database has recorded in the order of application, and how that contradicts the former."""
    from django.db import connections
    from django.db.migrations.exceptions import InconsistentMigrationHistory

    connection = connections[alias]
    loader, recorded = load_history(alias)
    contradiction = None
    try:
        loader.check_consistent_history(connection)
    except InconsistentMigrationHistory as error:
        contradiction = str(error)
    rows = []
    if recorded:
        with connection.cursor() as cursor:
            cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
            rows = [{"app": app, "name": name} for app, name in cursor.fetchall()]
    return known(loader), rows, contradiction


def wait_until_applied(aliases: list[str], timeout: float, on_wait: Callable[[list[str]], None]) -> list[str]:
    """Waits until another container has migrated. Returns what is still pending when the time is over."""
    from django.db import connections

    patience = djinit_patience.Patience()
    left = pending_in(aliases)
    if left:
        on_wait(left)
    while left and time.monotonic() - patience.started < timeout:
        for alias in aliases:
            connections[alias].close()
        time.sleep(patience.next_pause())
        try:
            left = pending_in(aliases)
            patience.has_answered()
        except Exception as error:
            if not patience.bears(error):
                raise
    return left


def migrate(
    alias: str, progress: Callable[..., None], lock_timeout: float, timeout: float, on_retry: Callable[[str, float], None]
) -> None:
    """Runs the project's own or Django's `migrate`. A migration that cannot get a table's lock is tried again."""
    from django.core.management import call_command

    _, command = djinit_command.own_command()
    # What it is called with for each migration; without it the project's own migrate command prints as it likes.
    if hasattr(command, "migration_progress_callback"):
        command.migration_progress_callback = progress
    # The project's own command may not know the option.
    chosen = {} if alias == DEFAULT else {"database": alias}
    started = time.monotonic()
    pause = FIRST_PAUSE_SECONDS
    with limited_locks(alias, lock_timeout):
        while True:
            try:
                call_command(command, interactive=False, verbosity=1, **chosen)
                return
            except Exception as error:
                if not is_lock_timeout(error):
                    raise
                waited = time.monotonic() - started
                # The deadline's own end, from outside, could not say why.
                if waited + pause + lock_timeout >= timeout:
                    raise LockTimeout(f"no lock within {waited:.0f} s: {str(error).strip()}") from error
                on_retry(str(error).strip(), pause)
            time.sleep(pause * random.uniform(0.7, 1))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def is_lock_timeout(error: BaseException | None) -> bool:
    """Whether PostgreSQL's lock_timeout is behind it."""
    while error is not None:
        # psycopg 3 and psycopg2 name it differently.
        if LOCK_NOT_AVAILABLE in (getattr(error, "sqlstate", None), getattr(error, "pgcode", None)):
            return True
        error = error.__cause__
    return False


# Where the machine of this container dies, the server gives up what the migration has locked after 25 s, not after two hours.
TRANSACTION_SETTINGS = """
SELECT set_config('tcp_keepalives_idle', '10', true), set_config('tcp_keepalives_interval', '5', true),
    set_config('tcp_keepalives_count', '3', true)
"""
LOCK_SETTING = ", set_config('lock_timeout', %s, true)"


@contextlib.contextmanager
def limited_locks(alias: str, seconds: float) -> Iterator[None]:
    """PostgreSQL: a migration's statements wait only so long for a lock; meanwhile all others queue up behind them.

    Within the migration's own transaction, so that nothing of it stays in a pooled connection. A migration without one
    (CREATE INDEX CONCURRENTLY) must be left to wait: it would leave half an index behind. 0 seconds: for ever.
    """
    from django.db import connections

    connection: Any = connections[alias]
    if connection.vendor != "postgresql":
        yield
        return
    sql = TRANSACTION_SETTINGS + (LOCK_SETTING if seconds else "")
    parameters = [f"{round(seconds * 1000)}ms"] if seconds else []

    class Editor(connection.SchemaEditorClass):  # type: ignore[misc]  # the connection's own class
        def __enter__(self) -> Any:
            entered = super().__enter__()
            if self.atomic_migration:
                with self.connection.cursor() as cursor:
                    cursor.execute(sql, parameters)
            return entered

    before = connection.SchemaEditorClass
    connection.SchemaEditorClass = Editor
    try:
        yield
    finally:
        connection.SchemaEditorClass = before
