"""Which of DATABASES are migrated: `default`, and those to which a router sends migrations.

Django itself migrates one at a time, and leaves it to whoever calls it which. Without a router that says so a further one
(a database of somebody else's, a copy to read from) is not the project's to change.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import djinit_blame
import djinit_values

if TYPE_CHECKING:
    from django.apps import AppConfig

DEFAULT = "default"
VARIABLE = "DJINIT_MIGRATE_DATABASES"


class UnknownDatabase(Exception):
    """The variable names one that the settings do not have."""

    blamed = djinit_blame.SETTINGS


def migrated(named: list[str] | None) -> list[str]:
    """Their aliases, the first of which has the lock for all; `named` by the variable, or as the routers say."""
    from django.db import connections

    known = list(connections)
    if named is None:
        return [DEFAULT, *(alias for alias in known if alias != DEFAULT and is_sent_to(alias))]
    unknown = [alias for alias in named if alias not in known]
    if unknown:
        raise UnknownDatabase(f"{VARIABLE} names {', '.join(unknown)}, and DATABASES has {', '.join(known)}")
    return sorted(set(named), key=lambda alias: (alias != DEFAULT, known.index(alias)))


def is_sent_to(alias: str) -> bool:
    """Whether a router says so of any app with migrations."""
    from django.db import connections

    settings = connections.databases[alias]
    engine = settings.get("ENGINE") or ""
    if (settings.get("TEST") or {}).get("MIRROR") or engine in djinit_values.NO_ENGINES:
        return False
    return any(True in answers(alias, config) for config in with_migrations())


def with_migrations() -> Iterator[AppConfig]:
    """The apps that have some."""
    from django.apps import apps
    from django.db.migrations.loader import MigrationLoader

    labels = MigrationLoader(None).migrated_apps
    return (config for config in apps.get_app_configs() if config.label in labels)


def answers(alias: str, config: AppConfig) -> Iterator[bool | None]:
    """Of the first router that has one, for the app and for each of its models."""
    yield answer(alias, config.label, {})
    for model in config.get_models(include_auto_created=True):
        yield answer(alias, config.label, {"model_name": model._meta.model_name, "model": model})


def answer(alias: str, label: str, hints: dict[str, Any]) -> bool | None:
    """None where no router has anything to say, or cannot say it."""
    from django.db import router

    for each in router.routers:
        method = getattr(each, "allow_migrate", None)
        try:
            told = None if method is None else method(alias, label, **hints)
        except Exception:  # without a model, say: Django asks with one
            told = None
        if told is not None:
            return bool(told)
    return None


def is_read_only(alias: str) -> bool:
    """A replica gets its schema from elsewhere."""
    from django.db import connections

    connection = connections[alias]
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        return bool(cursor.fetchone()[0] == "on")


def label(name: str, alias: str) -> str:
    """A migration, for people: of which database, where it is not the default one."""
    return name if alias == DEFAULT else f"{name} ({alias})"
