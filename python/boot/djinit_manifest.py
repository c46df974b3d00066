"""Writes down what the boot must know to tell, without a start of Django, whether a database is up to date."""

import importlib
import json
import os
import pkgutil
import select
import signal
import sys
import time
import uuid
from typing import Any, NoReturn

import djinit_command
import djinit_databases
import djinit_likely
import djinit_migrate
import djinit_site
import djinit_trace
import djinit_values

# Nothing is sent there: the settings are only asked what they would make of it.
PROBE_URL = "postgres://djinit_user:djinit_word@djinit-probe.invalid:6543/djinit_probe"
PROBE_TIMEOUT_SECONDS = 20
#: They decide which module is read.
SETTINGS_VARIABLES = ("DJANGO_CONFIGURATION", "DJANGO_SETTINGS_MODULE", "PYTHONPATH")


class Probe:
    """A fork that imports the settings, with this DATABASE_URL if there is one, and tells what they have become."""

    def __init__(self, url: str | None) -> None:
        self.reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self.look(writer, url)
        os.close(writer)

    def look(self, writer: int, url: str | None) -> NoReturn:
        """What the fork does."""
        try:
            nothing = os.open(os.devnull, os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(nothing, fd)
            if url is not None:
                os.environ["DATABASE_URL"] = url
            djinit_values.take_configurations()
            from django.conf import settings

            default = settings.DATABASES["default"]
            options = default.get("OPTIONS") or {}
            told = [default.get(name) for name in ("HOST", "PORT", "NAME", "USER")]
            asked = [str(value) for value in told] == ["djinit-probe.invalid", "6543", "djinit_probe", "djinit_user"]
            takes_url = asked and not {"options", "service"} & set(options)
            answer = {"takes_url": takes_url, "values": djinit_values.decisive(sys.modules["django.conf"].settings)}
            with os.fdopen(writer, "w") as pipe:
                json.dump(answer, pipe)
        finally:
            os._exit(0)

    def answer(self) -> dict[str, Any]:
        """What it has told; nothing where the settings cannot be imported like that."""
        told, until = b"", time.monotonic() + PROBE_TIMEOUT_SECONDS
        while select.select([self.reader], [], [], max(0, until - time.monotonic()))[0]:
            piece = os.read(self.reader, 65_536)
            if not piece:
                break
            told += piece
        else:
            os.kill(self.pid, signal.SIGKILL)
        os.close(self.reader)
        os.waitpid(self.pid, 0)
        try:
            return dict(json.loads(told))
        except ValueError:
            return {}


class Probes:
    """What the settings make of DATABASE_URL. An image is built without it: their containers have another one."""

    def __init__(self, is_build: bool) -> None:
        needs_own = is_build and not os.environ.get("DATABASE_URL")
        probe, own = Probe(PROBE_URL), Probe(None) if needs_own else None
        told = probe.answer()
        self.takes_url = told.get("takes_url") is True
        #: The apps are others where the database is Postgres, or there is no importing the settings without any.
        self.stands_in = own is not None and self.takes_url and own.answer().get("values") != told["values"]
        if self.stands_in:
            os.environ["DATABASE_URL"] = PROBE_URL


def directory_of(module_name: str) -> str | None:
    """Where a package lies or would lie, without importing it; None where it is no plain directory."""
    parent, _, name = module_name.rpartition(".")
    try:
        places = list(sys.modules[parent].__path__) if parent in sys.modules else list(importlib.import_module(parent).__path__)
    except (ImportError, AttributeError):
        return None
    return os.path.join(places[0], name) if len(places) == 1 else None


def migration_inputs(loader: Any) -> tuple[list[str], list[str], list[str]]:
    """(files, migrations, directories) that the loader reads, or would read if there were any."""
    from django.apps import apps

    files: list[str] = []
    migrations: list[str] = []
    directories: list[str] = []
    for config in apps.get_app_configs():
        files += [os.path.join(config.path, name) for name in ("__init__.py", "apps.py")]
        files.append(str(sys.modules[type(config).__module__].__file__))
        files.append(os.path.join(config.path, "management", "commands", "migrate.py"))
        module, _ = loader.migrations_module(config.label)
        directory = None if module is None else directory_of(module)
        if directory is None:
            continue
        directories.append(directory)
        if os.path.isdir(directory):
            names = [name for _, name, is_package in pkgutil.iter_modules([directory]) if not is_package]
            migrations += [os.path.join(directory, f"{name}.py") for name in names]
    return files, migrations, directories


def superuser_facts() -> dict[str, str] | None:
    """Table and column in which the superuser is found by its name; None where only Django can tell."""
    from django.contrib.auth import get_user_model
    from django.db import DEFAULT_DB_ALIAS, models, router

    try:
        model = get_user_model()
        field = model._meta.get_field(model.USERNAME_FIELD)
    except Exception:
        return None
    if router.db_for_read(model) != DEFAULT_DB_ALIAS or (field.model is not model and not model._meta.proxy):
        return None
    if not isinstance(field, (models.CharField, models.TextField)) or '"' in model._meta.db_table:
        return None
    named_by = "email" if model.USERNAME_FIELD == model.get_email_field_name() else "username"
    return {"table": model._meta.db_table, "column": field.column, "named_by": named_by}


def model_files() -> list[str]:
    """Where the table and the column of the user come from."""
    from django.contrib.auth import get_user_model

    try:
        modules = {base.__module__ for base in get_user_model().__mro__}
    except Exception:
        return []
    files = (getattr(sys.modules.get(name), "__file__", None) for name in modules)
    return [file for file in files if file]


def router_files() -> list[str]:
    """Where the routers come from, which may keep the user elsewhere."""
    from django.db import router

    files = (getattr(sys.modules.get(type(each).__module__), "__file__", None) for each in router.routers)
    return [file for file in files if file]


def database_reason(trace: djinit_trace.Trace, settings: dict[str, Any], is_build: bool) -> str | None:
    """Why only Django can look into the default database; for an image: into every one that these settings may name."""
    from django.conf import settings as django_settings

    found = djinit_values.database(django_settings, os.environ)
    if found["kind"] == "postgres":
        return None
    # The image may be built without the variables that tell where its database is.
    _, variables, others = djinit_trace.influences(trace, os.environ["DJANGO_SETTINGS_MODULE"], djinit_trace.DATABASE)
    may_change = settings["takes_url"] or variables or others or settings["unproven"]
    if is_build and may_change and found.get("follows_from") != "code":
        return None
    return str(found.get("reason", "the database is not Postgres"))


def settings_facts(trace: djinit_trace.Trace, probes: Probes) -> dict[str, Any]:
    """What the settings have become, and which of what they were made from proves that they are the same again."""
    from django.conf import settings

    module = os.environ["DJANGO_SETTINGS_MODULE"]
    sources, variables, others = djinit_trace.influences(trace, module, djinit_trace.NAMES)
    unproven = []
    if djinit_trace.WHOLE in variables:
        unproven.append("they choose the apps by the whole environment")
        variables = []
    if probes.stands_in and "DATABASE_URL" in variables:
        unproven.append("they choose the apps by DATABASE_URL, which the build has not")
    if settings.DATABASE_ROUTERS:
        unproven.append("they have routers, and may have more than one database")
    if late := djinit_trace.LATE_READERS & set(sys.modules):
        unproven.append(f"they are made by {', '.join(sorted(late))}")
    told = {
        "files": sorted({*sources, *others}),
        "variables": sorted({*variables, *SETTINGS_VARIABLES}),
        "unproven": unproven,
        "values": djinit_values.decisive(settings),
        "takes_url": probes.takes_url,
        "loads": djinit_likely.loadable(trace.loaded),
    }
    file_unless = deciding_on_file(trace, settings)
    return told if file_unless is None else {**told, "file_unless": file_unless}


def deciding_on_file(trace: djinit_trace.Trace, settings: Any) -> list[str] | None:
    """Those variables that would have to be set for the default database to be something else than a file; None: it may be.

    It is a hint: Django is started at once then, where else the settings would be imported first, to find that it has to be.
    """
    if djinit_values.database(settings, os.environ)["kind"] != "file":
        return None
    _, variables, others = djinit_trace.influences(trace, os.environ["DJANGO_SETTINGS_MODULE"], djinit_trace.DATABASE)
    if others or djinit_trace.WHOLE in variables or djinit_trace.LATE_READERS & set(sys.modules):
        return None
    return None if any(name in os.environ for name in variables) else variables


def facts(trace: djinit_trace.Trace, probes: Probes, is_build: bool) -> dict[str, Any]:
    """What goes into the manifest: src/boot/schema/manifest.ts."""
    import django
    from django.conf import settings as django_settings
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None)
    needs_django = []
    work, module = djinit_command.own_work()
    if work == djinit_command.Work.OWN:
        needs_django.append(f"the project has a migrate command of its own, {module}, which may do more than Django's")
    if any(key in loader.replacements for migration in loader.replacements.values() for key in migration.replaces):
        needs_django.append("a squashed migration replaces another squashed one")
    settings = settings_facts(trace, probes)
    if reason := database_reason(trace, settings, is_build):
        needs_django.append(reason)
    files, migrations, directories = migration_inputs(loader)
    told: dict[str, Any] = {
        "inputs": {
            "files": sorted({*files, *model_files(), *router_files(), *djinit_command.files(), django.__file__}),
            "migrations": sorted(migrations),
            "directories": sorted(set(directories)),
        },
        "settings": settings,
        "migrations": djinit_migrate.known(loader),
        "databases": djinit_databases.migrated(None),
        "site": djinit_site.site_facts(django_settings),
        "needs_django": needs_django,
    }
    if work == djinit_command.Work.MORE:
        # Another one for each image that is built: what its work consists of may lie anywhere in the image.
        told["own_migrate"] = {"module": module, "build": uuid.uuid4().hex}
    superuser = superuser_facts()
    return told if superuser is None else {**told, "superuser": superuser}
