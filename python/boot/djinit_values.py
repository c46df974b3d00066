"""What the settings have become, as far as djinit goes by it: told by their import alone, without a start of Django.

Two lists of apps that are equal have the same migrations, whatever files and variables they were made from. And whoever knows
how the project reaches Postgres can ask there what is applied.
"""

import inspect
import os
import re
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

#: The list of migrations follows from them, and from the code of the apps.
DECISIVE = ("INSTALLED_APPS", "MIGRATION_MODULES", "DATABASE_ROUTERS")
#: Engines that connect as Django's own for Postgres does. Another one may do whatever it likes, such as to choose a schema.
POSTGRES_ENGINES = {
    "django.contrib.gis.db.backends.postgis",
    "django.db.backends.postgresql",
    "django.db.backends.postgresql_psycopg2",
    "django_db_geventpool.backends.postgis",
    "django_db_geventpool.backends.postgresql_psycopg2",
    "django_prometheus.db.backends.postgis",
    "django_prometheus.db.backends.postgresql",
    "dj_db_conn_pool.backends.postgresql",
    "psqlextra.backend",
    "timescale.db.backends.postgis",
    "timescale.db.backends.postgresql",
}
FILE_ENGINES = {
    "django.db.backends.sqlite3",
    "django.contrib.gis.db.backends.spatialite",
    "django_prometheus.db.backends.sqlite3",
}
NO_ENGINES = {"", "django.db.backends.dummy"}
#: What another session need not have: how results come, how soon one gives up.
ALL_THE_SAME = {
    "application_name",
    "client_encoding",
    "connect_timeout",
    "cursor_factory",
    "fallback_application_name",
    "isolation_level",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "MAX_CONNS",
    "pool",
    "prepare_threshold",
    "REUSE_CONNS",
    "server_side_binding",
    "tcp_user_timeout",
}
#: Options that djinit understands as libpq does: servers.ts and service-file.ts in src/boot/postgres know its variables too.
UNDERSTOOD = {
    "hostaddr",
    "options",
    "passfile",
    "service",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslnegotiation",
    "sslpassword",
    "sslrootcert",
    "target_session_attrs",
}
#: They lead libpq elsewhere.
FOREIGN_VARIABLES = ("PGREQUIREAUTH", "PGSSLCRL")


class Unclear(Exception):
    """Only Django can tell how it connects; why, for the operator, and whether that follows from code or from variables."""

    def __init__(self, reason: str, follows_from: str = "variables") -> None:
        super().__init__(reason)
        self.follows_from = follows_from


def take_configurations() -> None:
    """Where the project has django-configurations, its manage.py does this before it looks at the settings."""
    if os.environ.get("DJANGO_CONFIGURATION"):
        from configurations import importer

        importer.install()


def without_source_lines() -> None:
    """Spare dynaconf the source of each line on its stack: to look for them takes a sixth of its import, and it reads none."""
    original = inspect.stack

    def stack(context: int = 1) -> Any:
        caller = sys._getframe(1).f_code.co_filename
        return original(0 if f"{os.sep}dynaconf{os.sep}" in caller else context)[1:]

    inspect.stack = stack


def decisive(settings: Any) -> dict[str, Any]:
    """Those values of the settings from which the list of migrations and the superuser's table follow."""
    # Models that may be swapped, the user's among them.
    models = {name for name in dir(settings) if name.isupper() and name.endswith("_MODEL")}
    told = {name: plain(getattr(settings, name, None)) for name in DECISIVE}
    if told["DATABASE_ROUTERS"]:
        # Which of them are migrated is up to the routers.
        told["DATABASES"] = sorted(getattr(settings, "DATABASES", None) or {})
    return told | {name: value for name in sorted(models) if isinstance(value := getattr(settings, name), str)}


def plain(value: Any) -> Any:
    """As JSON has it. What is no plain value is told by its class."""
    if value is None or isinstance(value, (bool, int)):
        return value
    # Whatever a settings library makes of it, or a lazy translation.
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, str):
        return str(value)
    kind = value if isinstance(value, type) else type(value)
    return f"{kind.__module__}.{kind.__qualname__}"


def database(settings: Any, environment: Mapping[str, str], alias: str = "default") -> dict[str, Any]:
    """Which kind a database is of: postgres (then with its URL, a secret), file, none, other (then with the reason)."""
    default = dict((getattr(settings, "DATABASES", None) or {}).get(alias) or {})
    engine = str(default.get("ENGINE") or "")
    if engine in NO_ENGINES:
        return {"kind": "none"}
    if engine in FILE_ENGINES:
        return {"kind": "file"}
    if engine not in POSTGRES_ENGINES:
        return {"kind": "other", "reason": f"the database's engine is {engine}", "follows_from": "code"}
    try:
        url = postgres_url(default, environment)
        return {"kind": "postgres", "url": url, "variables": variables_of(default, environment)}
    except Unclear as unclear:
        return {"kind": "other", "reason": str(unclear), "follows_from": unclear.follows_from}
    except UnicodeEncodeError:
        return {"kind": "other", "reason": "the database's address is no text in UTF-8", "follows_from": "variables"}


def postgres_url(default: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    """The place that psycopg would connect to, with user and password; empty where libpq would look further. Raises Unclear."""
    found = [name for name in FOREIGN_VARIABLES if environment.get(name)]
    if found:
        raise Unclear(f"libpq has {', '.join(found)}")
    user, password, name, host, port = (str(default.get(key) or "") for key in ("USER", "PASSWORD", "NAME", "HOST", "PORT"))
    options = default.get("OPTIONS") or {}
    if not name and not options.get("service"):
        raise Unclear("the database has no NAME")
    # libpq takes such a one for a whole address.
    if re.search(r"[/=]", name):
        raise Unclear("NAME of the database has characters of an address")
    unknown = sorted(key for key in options if key not in ALL_THE_SAME and key not in UNDERSTOOD)
    if unknown:
        raise Unclear(f"OPTIONS of the database has {', '.join(unknown)}", "code")
    query = {key: str(value) for key, value in options.items() if key in UNDERSTOOD and value}
    hosts, socket = servers(host, port)
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    words = urlencode(query | socket, quote_via=quote)
    return f"postgres://{login}@{hosts}/{quote(name, safe='')}" + (f"?{words}" if words else "")


def variables_of(default: Mapping[str, Any], environment: Mapping[str, str]) -> list[str]:
    """Return the names of the variables that say where the database is and who asks, for the operator.

    They are found by their values, for the settings may read any number of others. Those of a file or of code are not found.
    """
    said = {str(default.get(key) or "") for key in ("HOST", "PORT", "NAME", "USER", "PASSWORD")} - {""}
    host, name = (str(default.get(key) or "") for key in ("HOST", "NAME"))

    def says(value: str) -> bool:
        is_url = "://" in value and bool(host) and host in value and name in value
        return value in said or is_url

    return sorted(variable for variable, value in environment.items() if says(value))


def servers(host: str, port: str) -> tuple[str, dict[str, str]]:
    """(hosts with their ports, as a URL has them; a socket, for its query)."""
    hosts, ports = host.split(","), port.split(",")
    if len(ports) == 1:
        ports *= len(hosts)
    if len(ports) != len(hosts) or not all(re.fullmatch(r"\d{0,5}", each) for each in ports):
        raise Unclear("PORT of the database is no number")
    if re.fullmatch(r"/[^,]+", host):
        return "", {"host": host} | ({"port": ports[0]} if ports[0] else {})
    if not all(re.fullmatch(r"[\w.:-]*", each) for each in hosts):
        raise Unclear("HOST of the database is no name")
    written = (f"[{each}]" if ":" in each else each for each in hosts)
    return ",".join(f"{each}:{number}" if number else each for each, number in zip(written, ports, strict=True)), {}


def read() -> dict[str, Any]:
    """Import the settings, and tell. Celery may run without Django: then there is no database to wait for."""
    try:
        import django.conf
    except ModuleNotFoundError as error:
        if error.name != "django":
            raise
        return {"values": {}, "database": {"kind": "none"}, "databases": {}}
    take_configurations()
    without_source_lines()
    django.conf.settings.INSTALLED_APPS  # noqa: B018 imports them
    return told(os.environ)


def told(environment: Mapping[str, str]) -> dict[str, Any]:
    """What the settings that have been imported say."""
    # A settings library may have put something else in its place.
    settings = sys.modules["django.conf"].settings
    further = sorted(set(getattr(settings, "DATABASES", None) or {}) - {"default"})
    return {
        "values": decisive(settings),
        "database": database(settings, environment),
        "databases": {alias: database(settings, environment, alias) for alias in further},
    }
