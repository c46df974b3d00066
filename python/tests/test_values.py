"""djinit_values: what settings have become, and where their database is."""

import inspect
import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import djinit_values
import pytest

ENGINE = "django.db.backends.postgresql"
USUAL = {"ENGINE": ENGINE, "NAME": "cakes", "USER": "baker", "PASSWORD": "word", "HOST": "db", "PORT": ""}
PLACE = "postgres://baker:word@db/cakes"


def settings_of(default: Any) -> Any:
    """Settings with this database."""
    return SimpleNamespace(DATABASES={"default": default})


PLACES: dict[str, tuple[dict[str, Any], dict[str, str], str]] = {
    "the usual": ({}, {}, PLACE),
    "a port, as a number": ({"PORT": 6543}, {}, "postgres://baker:word@db:6543/cakes"),
    "PostGIS": ({"ENGINE": "django.contrib.gis.db.backends.postgis"}, {}, PLACE),
    "characters of a URL": (
        {"USER": "a@b", "PASSWORD": "p/?#%@:ö ", "NAME": "my cakes"},
        {},
        "postgres://a%40b:p%2F%3F%23%25%40%3A%C3%B6%20@db/my%20cakes",
    ),
    "no password": ({"PASSWORD": ""}, {}, "postgres://baker@db/cakes"),
    "what is left to libpq, which has variables and defaults": (
        {"USER": "", "PASSWORD": None, "HOST": ""},
        {"PGUSER": "me", "PGPASSWORD": "mine", "PGHOST": "there"},
        "postgres://@/cakes",
    ),
    "certificates": (
        {"OPTIONS": {"sslmode": "verify-full", "sslrootcert": "/etc/ssl/rds.pem", "sslcert": None}},
        {},
        PLACE + "?sslmode=verify-full&sslrootcert=%2Fetc%2Fssl%2Frds.pem",
    ),
    "a schema": (
        {"OPTIONS": {"options": "-c search_path=kitchen,public"}},
        {},
        PLACE + "?options=-c%20search_path%3Dkitchen%2Cpublic",
    ),
    "options without a meaning for others": (
        {"OPTIONS": {"pool": True, "connect_timeout": 5, "isolation_level": 3}, "CONN_MAX_AGE": 60},
        {},
        PLACE,
    ),
    "a socket": ({"HOST": "/run/postgresql"}, {}, "postgres://baker:word@/cakes?host=%2Frun%2Fpostgresql"),
    "a socket of another port": ({"HOST": "/run", "PORT": 1}, {}, "postgres://baker:word@/cakes?host=%2Frun&port=1"),
    "a service": ({"OPTIONS": {"service": "my cakes"}}, {}, PLACE + "?service=my%20cakes"),
    "a service alone": (
        {"NAME": "", "USER": "", "PASSWORD": "", "HOST": "", "OPTIONS": {"service": "cakes"}},
        {},
        "postgres://@/?service=cakes",
    ),
    "a service of libpq's": ({}, {"PGSERVICE": "cakes"}, PLACE),
    "IPv6": ({"HOST": "fd00::1"}, {}, "postgres://baker:word@[fd00::1]/cakes"),
    "several hosts": ({"HOST": "a,b", "PORT": "1,2"}, {}, "postgres://baker:word@a:1,b:2/cakes"),
    "several hosts at one port": ({"HOST": "a,b", "PORT": "7"}, {}, "postgres://baker:word@a:7,b:7/cakes"),
}


@pytest.mark.parametrize(("more", "environment", "url"), PLACES.values(), ids=PLACES)
def test_places(more: dict[str, Any], environment: dict[str, str], url: str) -> None:
    """What psycopg would connect to, in one URL."""
    told = djinit_values.database(settings_of({**USUAL, **more}), environment)
    assert (told["kind"], told["url"]) == ("postgres", url)


VARIABLES: dict[str, tuple[dict[str, str], list[str]]] = {
    "one by one": (
        {"DB_HOST": "db", "DB_PORT": "6543", "DB_USER": "baker", "DB_PASS": "word", "ALLOWED_HOSTS": "cakes.example"},
        ["DB_HOST", "DB_PASS", "DB_PORT", "DB_USER"],
    ),
    "a URL": ({"DATABASE_URL": PLACE, "SITE_ROOT": "https://cakes.example", "REDIS_URL": "redis://redis/0"}, ["DATABASE_URL"]),
    "nothing": ({"EMPTY": "", "LANG": "C.UTF-8"}, []),
}


@pytest.mark.parametrize(("environment", "expected"), VARIABLES.values(), ids=VARIABLES)
def test_which_variables_say_so(environment: dict[str, str], expected: list[str]) -> None:
    """By their values, whatever else the settings read."""
    told = djinit_values.database(settings_of({**USUAL, "PORT": 6543}), environment)
    assert told["variables"] == expected


UNCLEAR: dict[str, tuple[dict[str, Any], dict[str, str], str, str]] = {
    "another server": ({"ENGINE": "django.db.backends.mysql"}, {}, "code", "engine is django.db.backends.mysql"),
    "tenants": ({"ENGINE": "django_tenants.postgresql_backend"}, {}, "code", "engine is django_tenants"),
    "another role": ({"OPTIONS": {"assume_role": "owner"}}, {}, "code", "OPTIONS of the database has assume_role"),
    "methods that libpq may use": ({}, {"PGREQUIREAUTH": "scram-sha-256"}, "variables", "libpq has PGREQUIREAUTH"),
    "no name": ({"NAME": ""}, {}, "variables", "the database has no NAME"),
    "a port that is none": ({"PORT": "postgres"}, {}, "variables", "PORT"),
    "more ports than hosts": ({"PORT": "1,2"}, {}, "variables", "PORT"),
    "a host that is none": ({"HOST": "a b"}, {}, "variables", "HOST"),
    "a byte that is no character": ({"PASSWORD": "flour\udcff"}, {}, "variables", "no text in UTF-8"),
    "two sockets": ({"HOST": "/a,/b"}, {}, "variables", "HOST"),
    "a name like an address": ({"NAME": "postgres://h/d"}, {}, "variables", "NAME"),
}


@pytest.mark.parametrize(("more", "environment", "follows_from", "reason"), UNCLEAR.values(), ids=UNCLEAR)
def test_only_django_can_tell(more: dict[str, Any], environment: dict[str, str], follows_from: str, reason: str) -> None:
    """And why, without the password."""
    told = djinit_values.database(settings_of({**USUAL, **more}), environment)
    assert (told["kind"], told["follows_from"]) == ("other", follows_from)
    assert reason in told["reason"]
    assert "word" not in json.dumps(told).replace("password", "")


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        (settings_of({"ENGINE": "django.db.backends.sqlite3", "NAME": "x"}), "file"),
        (settings_of({}), "none"),
        (settings_of({"ENGINE": "django.db.backends.dummy"}), "none"),
        (SimpleNamespace(DATABASES={}), "none"),
        (SimpleNamespace(), "none"),
    ],
)
def test_nothing_that_is_shared(settings: Any, kind: str) -> None:
    """No other container brings it up to date."""
    assert djinit_values.database(settings, {}) == {"kind": kind}


class Router:
    """Of a project's own."""


def test_decisive_values() -> None:
    """Those that decide, as JSON has them, and no others."""
    settings = SimpleNamespace(
        INSTALLED_APPS=("a", "b"),
        MIGRATION_MODULES={"a": None, "b": "elsewhere.b"},
        DATABASE_ROUTERS=[Router(), "shop.Router"],
        AUTH_USER_MODEL="shop.User",
        OAUTH2_PROVIDER_APPLICATION_MODEL="shop.Application",
        SOME_MODEL=3,
        SECRET_KEY="secret",
        DEBUG=True,
        DATABASES={"default": {"PASSWORD": "secret"}, "analytics": {}},
    )
    told = djinit_values.decisive(settings)
    assert told == {
        # With routers, which databases there are.
        "DATABASES": ["analytics", "default"],
        "INSTALLED_APPS": ["a", "b"],
        "MIGRATION_MODULES": {"a": None, "b": "elsewhere.b"},
        "DATABASE_ROUTERS": [f"{__name__}.Router", "shop.Router"],
        "AUTH_USER_MODEL": "shop.User",
        "OAUTH2_PROVIDER_APPLICATION_MODEL": "shop.Application",
    }
    assert json.loads(json.dumps(told)) == told


READ = "import json, sys; sys.path[:0] = [{boot!r}, {project!r}]; import djinit_values; told = djinit_values.read()"
TELL = "; print(json.dumps([told, [name for name in ('django.db', 'django.apps', 'shop.apps') if name in sys.modules]]))"


def read(project: Path, settings: str, *flags: str) -> Any:
    """What a process of its own tells of these settings, and which of the modules of a start of Django it has loaded."""
    (project / "live.py").write_text(settings)
    (project / "shop").mkdir()
    (project / "shop" / "__init__.py").touch()
    (project / "shop" / "apps.py").touch()
    program = READ.format(boot=str(Path(djinit_values.__file__).parent), project=str(project)) + TELL
    environment = {"HOME": str(project), "DJANGO_SETTINGS_MODULE": "live"}
    if "PYTHONPATH" in os.environ and not flags:
        environment["PYTHONPATH"] = os.environ["PYTHONPATH"]
    words = [sys.executable, *flags, "-c", program]
    told = subprocess.run(words, env=environment, capture_output=True, check=True, text=True)
    return json.loads(told.stdout)


def test_the_settings_are_imported_and_no_app(tmp_path: Path) -> None:
    """Django is not started for it."""
    [told, loaded] = read(tmp_path, f"SECRET_KEY = 'x'\nINSTALLED_APPS = ['shop']\nDATABASES = {{'default': {USUAL!r}}}\n")
    assert told["values"]["INSTALLED_APPS"] == ["shop"]
    assert told["values"]["AUTH_USER_MODEL"] == "auth.User"
    assert (told["database"]["kind"], told["database"]["url"]) == ("postgres", PLACE)
    assert loaded == []


def test_without_django(tmp_path: Path) -> None:
    """Celery needs none; and has no database to wait for then."""
    [told, _] = read(tmp_path, "", "-S")
    assert told == {"values": {}, "database": {"kind": "none"}, "databases": {}}


def test_only_dynaconf_is_spared_the_source_lines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever else asks for its stack gets it as ever."""
    monkeypatch.setattr(inspect, "stack", inspect.stack)
    djinit_values.without_source_lines()
    told: dict[str, Any] = {}
    for place in ("dynaconf/files.py", "shop/settings.py"):
        path = tmp_path / place
        path.parent.mkdir()
        path.write_text("import inspect\ndef look():\n    return inspect.stack()\n")
        frames = runpy.run_path(str(path))["look"]()
        assert [frame.function for frame in frames[:2]] == ["look", "test_only_dynaconf_is_spared_the_source_lines"]
        assert frames[0].filename == str(path)
        told[place] = frames[0].code_context
    assert told["dynaconf/files.py"] is None
    assert told["shop/settings.py"] == ["    return inspect.stack()\n"]
