"""djinit_blame: whose fault an error is, from what its driver has put into it."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import djinit_blame
import pytest
from django.db.migrations.exceptions import InconsistentMigrationHistory
from django.db.utils import OperationalError


def driver(
    module: str, text: str = "", name: str = "OperationalError", args: tuple[object, ...] = (), **fields: object
) -> Exception:
    """An error of a driver that is not installed here."""
    error: Exception = type(name, (Exception,), {"__module__": module, **fields})(*args or (text,))
    return error


def sqlite(path: str) -> Exception:
    with pytest.raises(sqlite3.Error) as raised:
        sqlite3.connect(path).execute("SELECT 1 FROM sqlite_master")
    return raised.value


KINDS = {
    "a history that contradicts itself": (InconsistentMigrationHistory("0002 before 0001"), "history"),
    "an error of djinit's own": (djinit_blame.Forbidden("no"), "forbidden"),
    "no process left": (BlockingIOError(11, "Resource temporarily unavailable"), "limit"),
    "no thread left": (RuntimeError("can't start new thread"), "limit"),
    "another RuntimeError": (RuntimeError("set changed size"), None),
    "psycopg 3: a table of another's": (driver("psycopg.errors", sqlstate="42501"), "forbidden"),
    "psycopg2: a table of another's": (driver("psycopg2.errors", pgcode="42501"), "forbidden"),
    "a read-only server": (driver("psycopg.errors", sqlstate="25006"), "forbidden"),
    "a wrong password": (driver("psycopg.errors", sqlstate="28P01"), "login"),
    "a role that does not exist": (driver("psycopg.errors", sqlstate="28000"), "login"),
    "a database that does not exist": (driver("psycopg.errors", sqlstate="3D000"), "login"),
    "a class of two letters": (driver("psycopg.errors", sqlstate="08006"), "unavailable"),
    "too many connections": (driver("psycopg.errors", sqlstate="53300"), "unavailable"),
    "a class of three": (driver("psycopg.errors", sqlstate="57P03"), "unavailable"),
    "its neighbour": (driver("psycopg.errors", sqlstate="57014"), None),
    "a fault of the SQL": (driver("psycopg.errors", sqlstate="42P01", text="connection refused"), None),
    "MySQL's password": (driver("MySQLdb", args=(1045, "Access denied")), "login"),
    "MySQL's right": (driver("pymysql.err", args=(1142, "command denied")), "forbidden"),
    "MySQL is not there": (driver("mysql.connector.errors", args=(2003, "Can't connect")), "unavailable"),
    "another of MySQL's": (driver("MySQLdb", args=(1146, "no such table")), None),
    "MySQL without a number": (driver("MySQLdb", args=("",)), None),
    "nobody listens": (driver("psycopg", "connection failed: Connection refused"), "unavailable"),
    "no such host": (driver("psycopg2", 'could not translate host name "db" to address'), "unavailable"),
    "of two hosts one may be there soon": (
        driver("psycopg", "password authentication failed\nconnection to server failed: Connection refused"),
        "unavailable",
    ),
    "of one host's two addresses one does not answer": (
        driver(
            "psycopg",
            "- host: 'localhost', hostaddr: '::1': connection failed: Connection refused\n"
            "- host: 'localhost', hostaddr: '127.0.0.1': password authentication failed for user",
        ),
        "login",
    ),
    "the same of two hosts": (
        driver(
            "psycopg2",
            'connection to server at "a" (::1), port 5432 failed: Connection refused\n'
            'connection to server at "b" (10.0.0.1), port 5432 failed: password authentication failed for user',
        ),
        "unavailable",
    ),
    "no right to connect": (driver("psycopg", 'connection failed: permission denied for database "shop"'), "forbidden"),
    "a pooler that has no such database": (driver("psycopg", "connection failed: FATAL:  no such database: shop"), "login"),
    "a pooler that takes no options": (
        driver("psycopg2", 'connection to server at "p" (::1), port 6432 failed: FATAL:  unsupported startup parameter: options'),
        "unusable",
    ),
    "a pooler with too many clients": (driver("psycopg", "connection failed: no more connections allowed"), "unavailable"),
    "a password, in words": (driver("psycopg", "connection failed: password authentication failed"), "login"),
    **{
        f"libpq: {text}": (driver("psycopg", text), "unusable")
        for text in (
            'connection is bad: definition of service "x" not found',
            'connection is bad: invalid target_session_attrs value: "writer"',
            'connection is bad: invalid "ssl_min_protocol_version" value: "SSLv9"',
            'connection is bad: invalid port number: "70000"',
            'connection is bad: weak sslmode "require" may not be used with sslrootcert=system (use "verify-full")',
            "could not match 2 port numbers to 3 hosts",
            'connection to server at "h", port 5432 failed: root certificate file "/nowhere" does not exist',
            'connection to server at "h", port 5432 failed: certificate present, but not private key file "/nowhere"',
            'connection to server at "h", port 5432 failed: FATAL:  unrecognized configuration parameter "nosuch"',
            'connection to server at "h", port 5432 failed: server does not support SSL, but SSL was required',
            'connection to server at "h", port 5432 failed: channel binding required, but SSL not in use',
            "connection is bad: GSSAPI encryption required but no credential cache",
            'authentication method requirement "md5" failed: server requested SASL authentication',
        )
    },
    "a standby may be there soon": (driver("psycopg", "connection failed: server is not in hot standby mode"), "unavailable"),
    "a certificate": (driver("psycopg", "connection to server failed: certificate verify failed"), "unusable"),
    "a session that broke": (driver("psycopg", "the connection is lost"), "unavailable"),
    "other words": (driver("psycopg", "cursor already open"), None),
    "not an OperationalError": (driver("psycopg", "Connection refused", name="ProgrammingError"), None),
    "not a driver's": (driver("shop", "Connection refused"), None),
    "SQLite in no directory": (sqlite("/nowhere/db.sqlite3"), "unusable"),
    "another of SQLite's": (sqlite3.OperationalError("no such table: cakes"), None),
    "words of SQLite's, from elsewhere": (ValueError("unable to open database file"), None),
    "words of the limit, from elsewhere": (ValueError("can't start new thread"), None),
    "a fault of the code": (KeyError("cake"), None),
}


@pytest.mark.parametrize(("error", "kind"), KINDS.values(), ids=KINDS)
def test_kinds(error: Exception, kind: str | None) -> None:
    """Of the error itself, and of one that it has caused."""
    assert djinit_blame.blame(error) == kind
    caused = OperationalError(*error.args)
    caused.__cause__ = error
    assert djinit_blame.blame(caused) == kind


MYSQL = {
    "login": (1044, 1045, 1049, 1698),
    "forbidden": (1142, 1143, 1227, 1370),
    "unavailable": (1040, 1053, 2002, 2003, 2005, 2006, 2013),
}


@pytest.mark.parametrize(("kind", "codes"), MYSQL.items(), ids=MYSQL)
def test_codes_of_mysql(kind: str, codes: tuple[int, ...]) -> None:
    """Each of them."""
    assert {djinit_blame.blame(driver("MySQLdb", args=(code, "text"))) for code in codes} == {kind}


def test_a_chain_ends() -> None:
    """What was suppressed does not count, and two that have caused each other are two."""
    first, second = ValueError("first"), KeyError("second")
    first.__context__ = second
    assert list(djinit_blame.chain(first)) == [first, second]
    first.__suppress_context__ = True
    assert list(djinit_blame.chain(first)) == [first]
    first.__cause__, second.__cause__ = second, first
    assert list(djinit_blame.chain(first)) == [first, second]


def test_limits_need_no_django() -> None:
    """Anywhere in the chain."""
    error = ImportError("cannot import shop")
    error.__cause__ = RuntimeError("can't start new thread")
    assert djinit_blame.limits(error) == "limit"
    assert djinit_blame.limits(ImportError("cannot import shop")) is None


def without_root(ask: Callable[[], str], told: Path) -> str:
    """Root may read and write anything: asked by a fork that is somebody else."""
    pid = os.fork()
    if pid == 0:
        try:
            with told.open("w") as file:
                if os.getuid() == 0:
                    os.setresuid(65_534, 65_534, 65_534)
                file.write(ask())
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    return told.read_text()


def test_what_hinders_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In words that name the path; the driver's own say nothing."""
    for directory in (tmp_path, *tmp_path.parents[:2]):
        directory.chmod(0o755)
    (tmp_path / "directory").mkdir()
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "ours").touch(mode=0o666)
    (tmp_path / "closed" / "ours").chmod(0o666)
    (tmp_path / "closed").chmod(0o555)
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "open" / "theirs").touch(mode=0o400)
    if os.getuid() != 0:
        (tmp_path / "open" / "theirs").chmod(0)

    def words(name: str, kind: str | None = "unusable", vendor: str = "sqlite") -> str:
        connection = SimpleNamespace(vendor=vendor, settings_dict={"NAME": tmp_path / name})
        monkeypatch.setattr("django.db.connection", connection)
        error = sqlite3.OperationalError("unable to open database file ")
        return without_root(lambda: str(djinit_blame.in_words(error, kind)), tmp_path / "told")

    user = "uid 65534" if os.getuid() == 0 else f"uid {os.getuid()}"
    begin = f"cannot use the SQLite database {tmp_path}"
    assert words("none/db") == f"{begin}/none/db: there is no directory {tmp_path}/none"
    assert words("directory") == f"{begin}/directory: it is a directory"
    assert words("open/theirs") == f"{begin}/open/theirs: {user} may not read and write it"
    assert words("closed/db") == f"{begin}/closed/db: {user} may not make files in {tmp_path}/closed"
    assert words("closed/ours") == f"{begin}/closed/ours: {user} may not make files in {tmp_path}/closed"
    assert words("open/db") == f"{begin}/open/db: unable to open database file"
    assert words("none/db", kind="login") == "None"
    assert words("none/db", vendor="postgresql") == "None"


class Cursor:
    """Of a Postgres, with the one row that it was made with."""

    def __init__(self, row: tuple[str] | None) -> None:
        self.row = row
        self.asked: list[str] = []

    def __enter__(self) -> "Cursor":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def execute(self, sql: str) -> None:
        self.asked.append(sql)

    def fetchone(self) -> tuple[str] | None:
        return self.row


def postgres(row: tuple[str] | None, vendor: str = "postgresql") -> Any:
    cursor = Cursor(row)
    return SimpleNamespace(vendor=vendor, cursor=lambda: cursor, asked=cursor.asked)


def test_a_hidden_history_is_not_an_empty_one() -> None:
    """Only Postgres has such schemas, and is asked."""
    hidden = postgres(("shop",))
    with pytest.raises(djinit_blame.Forbidden, match="permission denied for schema shop, in which") as raised:
        djinit_blame.refuse_hidden_history(hidden)
    assert hidden.asked == [djinit_blame.HIDDEN_TABLE]
    assert djinit_blame.blame(raised.value) == "forbidden"
    djinit_blame.refuse_hidden_history(postgres(None))
    other = postgres(("shop",), vendor="mysql")
    djinit_blame.refuse_hidden_history(other)
    assert other.asked == []


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"HOST": "db", "PORT": 6543, "NAME": "cakes"}, "db:6543/cakes"),
        ({"HOST": "db", "PORT": "", "NAME": "cakes"}, "db/cakes"),
        ({"HOST": "", "PORT": "", "NAME": "cakes", "OPTIONS": {}}, "its default socket/cakes"),
        ({"HOST": "", "NAME": "cakes", "OPTIONS": {"host": "/run/pg"}}, "/run/pg/cakes"),
        ({"NAME": "", "OPTIONS": {"service": "bakery"}}, "of service bakery"),
    ],
)
def test_a_place_says_where_without_a_secret(settings: dict[str, object], place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the settings have it."""
    import django.db

    told = SimpleNamespace(settings_dict={**settings, "USER": "u", "PASSWORD": "hunter2"})
    monkeypatch.setattr(django.db, "connections", {"default": told})
    assert djinit_blame.place() == place
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert djinit_blame.variable() == "DATABASES"
    monkeypatch.setenv("DATABASE_URL", "postgres://h/d")
    assert djinit_blame.variable() == "DATABASE_URL"
