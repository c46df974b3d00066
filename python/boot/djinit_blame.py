"""Whose fault a failure is.

djinit's advice and exit status depend on it, and so does whether waiting could change anything: a wrong password stays
wrong, a server that does not answer yet may answer soon.
"""

import os
import re
from collections.abc import Iterator
from typing import Any

# The database does not let this role do what it is asked for.
FORBIDDEN = "forbidden"
# It does not let us in.
LOGIN = "login"
# It does not answer, or hangs up.
UNAVAILABLE = "unavailable"
# Nothing but a change of the configuration or the container would help.
UNUSABLE = "unusable"
# The rows of django_migrations contradict the migrations.
HISTORY = "history"
SETTINGS = "settings"
# The container may have no more threads or processes.
LIMIT = "limit"
# The lock was lost: whatever was going on had to stop.
LOCK = "lock"

POSTGRES_CODES = {"42501": FORBIDDEN, "25006": FORBIDDEN, "28000": LOGIN, "28P01": LOGIN, "3D000": LOGIN}
POSTGRES_CLASSES = {"08": UNAVAILABLE, "53": UNAVAILABLE, "57P": UNAVAILABLE}

MYSQL_CODES: dict[object, str] = {
    **dict.fromkeys((1044, 1045, 1049, 1698), LOGIN),
    **dict.fromkeys((1142, 1143, 1227, 1370), FORBIDDEN),
    **dict.fromkeys((1040, 1053, 2002, 2003, 2005, 2006, 2013), UNAVAILABLE),
}

#: libpq gives no code for what goes wrong before there is a session. Of several hosts one may be there soon, so that what
#: may pass is looked for first.
LIBPQ_TEXTS = (
    (
        UNAVAILABLE,
        r"Connection refused|timeout expired|timed out|could not translate host name|failed to resolve host|starting up"
        r"|shutting down|not yet accepting connections|recovery mode"
        r"|too many (clients|connections)|remaining connection slots|No route to host"
        r"|Network is unreachable|server closed the connection|No such file or directory",
    ),
    (FORBIDDEN, r"permission denied for database"),
    (
        LOGIN,
        r"authentication failed|no password supplied|no pg_hba\.conf entry|role .* does not exist"
        r"|database .* does not exist|not permitted to log in|[Nn]o such (database|user)\b",
    ),
    (
        UNUSABLE,
        r"definition of service|service file .* not found|invalid (connection option|port|integer value|URI|value for|\S+ value:)"
        r"|certificate verify failed|certificate file .* does not exist|does not support SSL|does not match host name"
        r"|private key file|weak sslmode|could not match \d+ (port|host)|unrecognized configuration parameter"
        r"|(channel binding|GSSAPI encryption) required|authentication method requirement|unsupported startup parameter",
    ),
    (UNAVAILABLE, r"connection failed|connection to server|connection is (bad|closed|lost)|connection (already|has been) closed"),
)
#: Of one host with several addresses (localhost), of which one lets nobody in with this password.
LIBPQ_PASSWORD = ((LOGIN, r"password authentication failed|no password supplied"),)
#: In the words of psycopg 3 and of libpq.
LIBPQ_HOST = r"host: '([^']*)'|server at \"([^\"]*)\""
SQLITE_TEXTS = ((UNUSABLE, r"unable to open database file|readonly database|database or disk is full|file is not a database"),)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, what caused it, what caused that."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def blame(error: BaseException) -> str | None:
    """One of the kinds above; None where the failing code itself is to blame."""
    return next(filter(None, map(kind_of, chain(error))), None)


def kind_of(error: Any) -> str | None:
    """The same for one link of the chain: any error, with what its driver has put into it."""
    from django.db.migrations.exceptions import InconsistentMigrationHistory

    if isinstance(error, InconsistentMigrationHistory):
        return HISTORY
    if isinstance(blamed := getattr(error, "blamed", None), str):
        return blamed
    if is_limit(error):
        return LIMIT
    # psycopg 3 and psycopg2 name it differently.
    code = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    if isinstance(code, str):
        return POSTGRES_CODES.get(code) or POSTGRES_CLASSES.get(code[:2]) or POSTGRES_CLASSES.get(code[:3])
    module = type(error).__module__.partition(".")[0]
    if module in ("MySQLdb", "pymysql", "mysql"):
        return MYSQL_CODES.get(error.args[0] if error.args else None)
    if module in ("psycopg", "psycopg2") and type(error).__name__ == "OperationalError":
        hosts = {host for names in re.findall(LIBPQ_HOST, str(error)) for host in names if host}
        return (by_text(LIBPQ_PASSWORD, error) if len(hosts) == 1 else None) or by_text(LIBPQ_TEXTS, error)
    if module == "sqlite3":
        return by_text(SQLITE_TEXTS, error)
    return None


def limits(error: BaseException) -> str | None:
    """LIMIT or None, where Django may not even be there."""
    return LIMIT if any(map(is_limit, chain(error))) else None


def is_limit(error: BaseException) -> bool:
    """Whether the kernel had no thread or process to give."""
    # fork(2) says EAGAIN.
    return isinstance(error, BlockingIOError) or (isinstance(error, RuntimeError) and "can't start new thread" in str(error))


def by_text(texts: tuple[tuple[str, str], ...], error: BaseException) -> str | None:
    """The kind of the first pattern that is found."""
    return next((kind for kind, pattern in texts if re.search(pattern, str(error))), None)


def place(alias: str = "default") -> str:
    """Where the settings say that the database is: what an operator needs, without user and password."""
    from django.db import connections

    settings = connections[alias].settings_dict
    options = settings.get("OPTIONS") or {}
    host = settings.get("HOST") or options.get("host") or "its default socket"
    port = f":{settings['PORT']}" if settings.get("PORT") else ""
    if options.get("service"):
        return f"of service {options['service']}"
    return f"{host}{port}/{settings.get('NAME') or ''}"


def variable() -> str:
    """What names the database, as far as anybody can tell who does not read the settings."""
    return "DATABASE_URL" if os.environ.get("DATABASE_URL") else "DATABASES"


def in_words(error: BaseException, kind: str | None) -> str | None:
    """What hinders the use of the database; None where the driver's own words say it."""
    from django.db import connection

    if kind == UNUSABLE and connection.vendor == "sqlite":
        return f"cannot use the SQLite database {connection.settings_dict['NAME']}: {why_sqlite(error)}"
    return None


def why_sqlite(error: BaseException) -> str:
    """The driver only says that it is «unable to open database file»."""
    from django.db import connection

    path = os.path.abspath(str(connection.settings_dict["NAME"]))
    directory = os.path.dirname(path)
    user = f"uid {os.geteuid()}"
    if not os.path.isdir(directory):
        return f"there is no directory {directory}"
    if os.path.isdir(path):
        return "it is a directory"
    if os.path.exists(path) and not os.access(path, os.R_OK | os.W_OK):
        return f"{user} may not read and write it"
    if not os.access(directory, os.W_OK | os.X_OK):
        return f"{user} may not make files in {directory}"
    return str(error).strip()


HIDDEN_TABLE = """
SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = 'django_migrations' AND NOT has_schema_privilege(n.oid, 'USAGE')
AND n.nspname = ANY (
    SELECT replace(trim(both '" ' from name), '$user', current_user::text)
    FROM unnest(string_to_array(current_setting('search_path'), ',')) AS name
)
"""


class Forbidden(Exception):
    """A history that this role may not see is not an empty one."""

    blamed = FORBIDDEN


def refuse_hidden_history(connection: Any) -> None:
    """Raise where django_migrations lies in a schema of the search path that this role may not use."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(HIDDEN_TABLE)
        row = cursor.fetchone()
    if row is not None:
        raise Forbidden(f"permission denied for schema {row[0]}, in which django_migrations lies")
