"""djinit_setup: the program of the boot's steps, run as the boot runs it, with a project on SQLite."""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from as_in_image import HERE

SETTINGS = """
import os
SECRET_KEY = "x"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "bakery"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
with open("seen", "w") as seen:
    seen.write(" ".join([*os.environ, *os.sys.argv]))
"""
WITHOUT_USERS = SETTINGS.replace('"django.contrib.contenttypes", "django.contrib.auth", ', "")
DROPPED_TERM = (
    "import os, signal; "
    "type('Dropped', (), {'__del__': lambda it: (os.kill(os.getpid(), signal.SIGTERM), list(map(abs, range(9))))})(); "
    "time.sleep(60)"
)

MIGRATION = """
import os, sys, time
from django.db import migrations

def do(apps, editor):
    {action}

class Migration(migrations.Migration):
    dependencies = {dependencies}
    operations = [migrations.RunPython(do)]
"""
OPTIONS: dict[str, Any] = {
    "databaseTimeoutSeconds": 0.3,
    "migrateTimeoutSeconds": 0.2,
    "lockTimeoutSeconds": 0,
    "lock": "own",
    "always": False,
    "manifestIsRequired": False,
    "hooks": [],
    "ownMigrate": None,
    "databases": None,
}
ADMIN = {"SUPERUSER_USERNAME": "admin", "SUPERUSER_EMAIL": "admin@bakery.example", "SUPERUSER_PASSWORD": "flour-and-sugar"}


class Project:
    """A project in a directory, and the program run there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        migrations = path / "bakery" / "migrations"
        migrations.mkdir(parents=True)
        for package in (migrations.parent, migrations):
            (package / "__init__.py").touch()
        self.settings(SETTINGS)
        self.migration("0001_flour")

    def settings(self, text: str) -> None:
        (self.path / "shop_settings.py").write_text(text)

    def migration(self, name: str, action: str = "pass", after: str | None = None) -> None:
        text = MIGRATION.format(action=action, dependencies=[("bakery", after)] if after else [])
        (self.path / "bakery" / "migrations" / f"{name}.py").write_text(text)

    @contextlib.contextmanager
    def started(
        self, *steps: str, env: dict[str, str] | None = None, **options: Any
    ) -> "Iterator[tuple[subprocess.Popen[bytes], socket.socket]]":
        ours, theirs = socket.socketpair()
        told = json.dumps({**OPTIONS, **options, "eventsFd": theirs.fileno()})
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(str(HERE / name) for name in ("boot", "shared")),
            "DJANGO_SETTINGS_MODULE": "shop_settings",
            "DATABASE": str(self.path / "db.sqlite3"),
            **(env or {}),
        }
        with ours:
            process = subprocess.Popen(
                [sys.executable, "-B", str(HERE / "boot" / "djinit_setup.py"), told, *steps],
                cwd=self.path,
                env=environment,
                pass_fds=[theirs.fileno()],
            )
            theirs.close()
            yield process, ours

    def run(self, *steps: str, env: dict[str, str] | None = None, **options: Any) -> tuple[int, list[dict[str, Any]]]:
        """(its status, what it has reported between its start and its end)."""
        with self.started(*steps, env=env, **options) as (process, ours):
            data, answered = b"", 0
            while chunk := ours.recv(65_536):
                data += chunk
                # A step waits until all before it has been taken.
                while data.count(b'"step-started"') + data.count(b'"hooks"') > answered:
                    answered += 1
                    ours.send(b"1")
            events = [json.loads(text) for text in data.split(b"\x1e") if text]
        assert events[0] == {"event": "program-started"}
        return process.wait(), events[1:]

    def query(self, sql: str) -> list[Any]:
        with contextlib.closing(sqlite3.connect(self.path / "db.sqlite3")) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def named(events: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == name]


def names(events: list[dict[str, Any]]) -> list[str]:
    return [event["event"] for event in events]


def failure(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The last report, which is a failure: nothing comes after one."""
    assert events[-1]["event"] in ("step-failed", "settings-failed")
    return events[-1]


def test_an_empty_database(project: Project) -> None:
    """Everything is done, and each step is reported."""
    status, events = project.run("wait-for-database", "migrate", "superuser", env=ADMIN)
    assert status == 0
    assert names(events)[0] == "django-started"
    assert names(events)[-1] == "finished"
    assert [event["step"] for event in named(events, "step-started")] == ["wait-for-database", "migrate", "superuser"]
    assert [event["step"] for event in named(events, "step-finished")] == ["wait-for-database", "migrate", "superuser"]
    assert "bakery.0001_flour" in [event["migration"] for event in named(events, "migrating")]
    [migrated] = [event for event in named(events, "migrated") if event["migration"] == "bakery.0001_flour"]
    assert migrated["fake"] is False
    assert migrated["seconds"] >= 0
    assert named(events, "superuser-created") == [{"event": "superuser-created", "username": "admin"}]
    assert project.query("SELECT username, email, is_superuser FROM auth_user") == [("admin", "admin@bakery.example", 1)]


def test_a_migrated_database(project: Project) -> None:
    """There is nothing to do, and no lock to take."""
    project.run("migrate", "superuser", env=ADMIN)
    (project.path / "db.sqlite3.djinit-lock").unlink()
    status, events = project.run("migrate", "superuser", env=ADMIN)
    assert status == 0
    assert named(events, "nothing-pending")
    [told] = named(events, "migrations")
    assert {"app": "bakery", "name": "0001_flour"} in told["recorded"]
    assert told["contradiction"] is None
    assert named(events, "superuser-exists") == [{"event": "superuser-exists", "username": "admin"}]
    assert not (project.path / "db.sqlite3.djinit-lock").exists()


def test_migrate_always(project: Project) -> None:
    """Also where nothing is pending: post_migrate is what is wanted."""
    project.run("migrate")
    _, events = project.run("migrate", always=True)
    assert not named(events, "nothing-pending")
    assert (project.path / "db.sqlite3.djinit-lock").exists()


@pytest.mark.parametrize("lock", ["own", "held"])
def test_hooks_around_a_migration(lock: str, project: Project) -> None:
    """They are asked for on both sides of it, where there are any."""
    _, events = project.run("migrate", lock=lock, hooks=["before-migrate", "after-migrate"])
    told = [event.get("point", event["event"]) for event in events if event["event"] in ("hooks", "migrating")]
    assert (told[0], told[-1]) == ("before-migrate", "after-migrate")
    assert set(told[1:-1]) == {"migrating"}


@pytest.mark.parametrize("always", [False, True])
def test_no_hooks_where_nothing_is_pending(always: bool, project: Project) -> None:
    """Nor where there are none at that point."""
    _, events = project.run("migrate", hooks=["after-migrate"])
    assert named(events, "hooks") == [{"event": "hooks", "point": "after-migrate"}]
    _, events = project.run("migrate", always=always, hooks=["before-migrate"])
    assert named(events, "hooks") == []


def test_no_hooks_around_an_own_migrate_that_is_merely_due(project: Project) -> None:
    """The lock is held for what it does besides."""
    project.run("migrate")
    mark = {"build": "b1", "environment": "e1"}
    _, events = project.run("migrate", lock="held", ownMigrate=mark, hooks=["before-migrate"])
    assert (named(events, "hooks"), names(events)[-1]) == ([], "finished")
    project.migration("0002_sugar", after="0001_flour")
    _, events = project.run("migrate", lock="held", ownMigrate=mark, hooks=["before-migrate"])
    assert named(events, "hooks") == [{"event": "hooks", "point": "before-migrate"}]


def test_nothing_is_migrated_without_an_answer(project: Project) -> None:
    """Whoever was to run the hooks is gone."""
    with project.started("migrate", hooks=["before-migrate"]) as (process, ours):
        data = b""
        while b'"step-started"' not in data:
            data += ours.recv(65_536)
        ours.send(b"1")
        while b'"hooks"' not in data:
            data += ours.recv(65_536)
        ours.shutdown(socket.SHUT_WR)
        while chunk := ours.recv(65_536):
            data += chunk
        assert process.wait() == 1
    assert b"djinit has not answered" in data
    assert project.query("SELECT name FROM sqlite_master WHERE name LIKE 'django_%'") == []


def test_the_lock_is_djinits_own(project: Project) -> None:
    """Where it is told so, none is taken."""
    project.run("migrate", lock="held")
    assert not (project.path / "db.sqlite3.djinit-lock").exists()


def test_secrets_are_not_the_projects(project: Project) -> None:
    """Neither in the environment nor among the arguments."""
    project.run("superuser", "migrate", env=ADMIN)
    seen = (project.path / "seen").read_text()
    assert "DATABASE" in seen
    assert "SUPERUSER" not in seen
    assert "eventsFd" not in seen
    assert seen.split()[-2:] == ["superuser", "migrate"]


def test_a_database_that_cannot_be_used(project: Project) -> None:
    """It is not waited for, and the path is named."""
    status, events = project.run("wait-for-database", env={"DATABASE": "/nowhere/db.sqlite3"})
    assert status == 1
    told = failure(events)
    assert (told["step"], told["kind"]) == ("wait-for-database", "unusable")
    assert told["message"] == "cannot use the SQLite database /nowhere/db.sqlite3: there is no directory /nowhere"
    assert told["error"]["type"] == "django.db.utils.OperationalError"


def test_a_database_that_says_nothing(project: Project) -> None:
    """Neither yes nor no: what is waited for is told before the driver gives up."""
    engine = project.path / "silent" / "base.py"
    engine.parent.mkdir()
    (engine.parent / "__init__.py").touch()
    engine.write_text(
        "import time\nfrom django.db.backends.sqlite3 import base\n\n"
        "class DatabaseWrapper(base.DatabaseWrapper):\n    def get_new_connection(self, *_): time.sleep(60)\n"
    )
    project.settings(WITHOUT_USERS.replace("django.db.backends.sqlite3", "silent"))
    with project.started("wait-for-database") as (process, ours):
        data = b""
        while b'"waiting"' not in data:
            data += ours.recv(65_536)
            if b'"step-started"' in data:
                ours.send(b"1")
        process.kill()
    assert b"no answer yet" in data
    assert str(project.path / "db.sqlite3").encode() in data


def test_an_engine_that_is_none(project: Project) -> None:
    """The settings are to blame: one that does not exist is seen before any step, one that is not named by the first."""
    project.settings(WITHOUT_USERS.replace("backends.sqlite3", "backends.none"))
    _, events = project.run("wait-for-database")
    assert failure(events)["event"] == "settings-failed"
    assert "'django.db.backends.none' isn't an available database backend" in failure(events)["error"]["message"]
    for empty in ("DATABASES = {}", "DATABASES = {'default': {}}"):
        project.settings(f"{WITHOUT_USERS}{empty}\n")
        _, events = project.run("wait-for-database", "migrate")
        assert (failure(events)["step"], failure(events)["kind"]) == ("wait-for-database", "settings")
        assert failure(events)["message"].startswith("cannot find a database: DATABASES of the settings names none; set ")
        assert "SKIP_MIGRATIONS=1" in failure(events)["message"]


def test_a_project_without_a_database(project: Project) -> None:
    """No app of it has anything to migrate: there is nothing to wait for."""
    project.settings("SECRET_KEY = 'x'\nINSTALLED_APPS = ['django.contrib.staticfiles']\n")
    status, events = project.run("wait-for-database", "migrate")
    assert (status, names(events)[-1]) == (0, "finished")
    assert len(named(events, "no-database")) == 1
    assert [event["step"] for event in named(events, "step-finished")] == ["wait-for-database", "migrate"]


def test_no_database_and_a_broken_migration(project: Project) -> None:
    """There is something to migrate, whatever it is."""
    migrations = project.path / "cakes" / "migrations"
    migrations.mkdir(parents=True)
    for file in (migrations.parent / "__init__.py", migrations / "__init__.py"):
        file.touch()
    (migrations / "0001_initial.py").write_text("import nothing_of_this_name\n")
    project.settings("SECRET_KEY = 'x'\nINSTALLED_APPS = ['cakes']\n")
    status, events = project.run("wait-for-database", "migrate")
    [failure] = named(events, "step-failed")
    assert (status, failure["step"]) == (1, "wait-for-database")
    assert "names none" in failure["message"]


@pytest.mark.parametrize("step", ["migrate", "read-settings"])
def test_an_import_that_takes_too_long(step: str, project: Project) -> None:
    """It is asked where it is, and tells the project's own line, and how it has come there."""
    (project.path / "patience.py").write_text("import time\n\ndef wait():\n    time.sleep(60)\n")
    project.settings("import patience\npatience.wait()\n")
    with project.started(step) as (process, ours):
        data = b""
        while b"program-started" not in data:
            data += ours.recv(65_536)
        wait_channel = Path(f"/proc/{process.pid}/wchan")
        while "nanosleep" not in wait_channel.read_text():
            time.sleep(0.01)
        process.send_signal(44)
        while chunk := ours.recv(65_536):
            data += chunk
        assert process.wait() == 1
    [error] = [event["error"] for event in map(json.loads, filter(None, data.split(b"\x1e"))) if "error" in event]
    assert error["type"] == "builtins.TimeoutError"
    assert error["message"] == f"{project.path}/patience.py, line 4, in wait"
    assert "shop_settings.py" in error["stack"]
    assert "djinit_" not in error["stack"]


def test_check(project: Project) -> None:
    """The first three that are pending, and how many more."""
    for number in range(2, 6):
        project.migration(f"000{number}_more", after=f"000{number - 1}_{'flour' if number == 2 else 'more'}")
    project.settings(WITHOUT_USERS)
    status, events = project.run("check-migrations")
    assert status == 1
    first = "bakery.0001_flour, bakery.0002_more, bakery.0003_more"
    assert failure(events)["message"] == f"cannot start: 5 pending, {first} and 2 more"
    assert len(failure(events)["pending"]) == 5
    project.run("migrate")
    assert project.run("check-migrations")[0] == 0


def test_waiting_for_another_container(project: Project) -> None:
    """It says what it waits for, and gives up in time."""
    project.settings(WITHOUT_USERS)
    _, events = project.run("wait-for-migrations")
    assert named(events, "migrations-waited-for")[0]["pending"] == ["bakery.0001_flour"]
    assert failure(events)["message"] == (
        "cannot start: no container has applied them within 0.2 s: 1 pending, bakery.0001_flour"
    )
    with project.started("wait-for-migrations", migrateTimeoutSeconds=60) as (process, ours):
        ours.send(b"1")
        assert project.run("migrate")[0] == 0
        assert process.wait(30) == 0


def test_settings_that_cannot_be_loaded(project: Project) -> None:
    """The stack leads into the project, without this program's own frames."""
    project.settings("raise KeyError('SECRET')\n")
    status, events = project.run("migrate")
    assert status == 1
    error = failure(events)["error"]
    assert (error["type"], error["message"]) == ("builtins.KeyError", "'SECRET'")
    assert "shop_settings.py" in error["stack"]
    assert "djinit_setup.py" not in error["stack"]
    assert failure(events)["kind"] is None


ENDS = {
    "sys.exit()": "it ended the process with status 0",
    "sys.exit(3)": "it ended the process with status 3",
    "sys.exit('no flour')": "no flour",
}


@pytest.mark.parametrize(("action", "message"), ENDS.items(), ids=ENDS)
def test_a_project_that_ends_the_process(action: str, message: str, project: Project) -> None:
    """That is no success, in the settings or in a step."""
    project.migration("0001_flour", action)
    status, events = project.run("migrate")
    assert status == 1
    assert failure(events)["step"] == "migrate"
    assert failure(events)["error"]["type"] == "builtins.SystemExit"
    assert failure(events)["error"]["message"] == message
    project.settings(f"import sys\n{action}\n")
    assert failure(project.run("migrate")[1])["error"]["message"] == message


def test_a_fork_says_nothing(project: Project) -> None:
    """What fails in it is not the step's failure, and its end is not the program's."""
    action = "\n    ".join(["pid = os.fork()", "if pid == 0: raise KeyError('in the fork')", "os.waitpid(pid, 0)"])
    project.migration("0001_flour", action)
    status, events = project.run("migrate")
    assert status == 0
    assert not named(events, "step-failed")


def test_a_superuser_without_what_the_model_requires(project: Project) -> None:
    """The operator is told which variables to set."""
    (project.path / "bakery" / "models.py").write_text(
        "from django.contrib.auth.models import AbstractUser\nfrom django.db import models\n"
        "class Baker(AbstractUser):\n    guild = models.CharField(max_length=9)\n    REQUIRED_FIELDS = ['guild']\n"
    )
    (project.path / "bakery" / "migrations" / "0001_flour.py").unlink()
    project.settings(SETTINGS + "AUTH_USER_MODEL = 'bakery.Baker'\n")
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "shop_settings", "DATABASE": str(project.path / "db.sqlite3")}
    command = [sys.executable, "-B", "-m", "django", "makemigrations", "bakery", "--pythonpath", "."]
    subprocess.run(command, cwd=project.path, env=environment, check=True, stdout=subprocess.DEVNULL)
    status, events = project.run("migrate", "superuser", env=ADMIN)
    assert status == 1
    assert failure(events)["step"] == "superuser"
    assert "DJANGO_SUPERUSER_GUILD" in failure(events)["message"]
    given = {**ADMIN, "DJANGO_SUPERUSER_GUILD": "bakers"}
    assert project.run("superuser", env=given)[0] == 0
    assert project.query("SELECT username, guild FROM bakery_baker") == [("admin", "bakers")]


def test_term_ends_what_runs(project: Project) -> None:
    """With the status of a shell, and what was begun rolled back."""
    project.migration("0001_flour", "open('begun', 'w').close(); time.sleep(60)")
    with project.started("migrate") as (process, ours):
        ours.send(b"1")
        deadline = time.monotonic() + 30
        while not (project.path / "begun").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 128 + signal.SIGTERM
    assert project.query("SELECT name FROM django_migrations WHERE app = 'bakery'") == []


def test_a_term_that_python_drops_comes_again(project: Project) -> None:
    """An exception raised in a `__del__` is printed and dropped."""
    project.migration("0001_flour", DROPPED_TERM)
    with project.started("migrate") as (process, ours):
        ours.send(b"1")
        assert process.wait(30) == 128 + signal.SIGTERM
    assert project.query("SELECT name FROM django_migrations WHERE app = 'bakery'") == []


def test_a_manifest(project: Project) -> None:
    """What the image knows, for starts without Django."""
    status, events = project.run("manifest")
    assert status == 0
    [told] = named(events, "manifest")
    assert "0001_flour" in [row["name"] for row in told["facts"]["migrations"] if row["app"] == "bakery"]


@pytest.mark.parametrize(("work", "is_told"), [("print('x')", False), ("fill()", True), ("for_each_tenant()", False)])
def test_the_manifest_tells_of_an_own_migrate(work: str, is_told: bool, project: Project) -> None:
    """Each time as another build, where it has work besides; where it goes elsewhere, Django is asked."""
    commands = project.path / "bakery" / "management" / "commands"
    commands.mkdir(parents=True)
    for package in (commands.parent, commands):
        (package / "__init__.py").touch()
    (commands / "migrate.py").write_text(f"""
from django.core.management.commands.migrate import Command as Migrate
class Command(Migrate):
    def handle(self, *args, **options):
        super().handle(*args, **options)
        {work}
""")
    told = [named(project.run("manifest")[1], "manifest")[0]["facts"] for _ in range(2)]
    modules = [each.get("own_migrate", {}).get("module") for each in told]
    assert modules == [("bakery.management.commands.migrate" if is_told else None)] * 2
    assert not is_told or told[0]["own_migrate"]["build"] != told[1]["own_migrate"]["build"]
    assert any("migrate command" in reason for reason in told[0]["needs_django"]) == ("tenant" in work)


def test_a_manifest_that_cannot_be_made(project: Project) -> None:
    """It is a failure only where it was asked for."""
    project.migration("0002_sugar", after="0000_missing")
    status, events = project.run("manifest")
    assert (status, names(events)[-1]) == (0, "finished")
    assert named(events, "manifest-failed")[0]["error"]["type"] == "django.db.migrations.exceptions.NodeNotFoundError"
    status, events = project.run("manifest", manifestIsRequired=True)
    assert (status, failure(events)["step"]) == (1, "manifest")


SEVERAL = """
DATABASES |= {
    name: {**DATABASES["default"], "NAME": os.environ["DATABASE"] + "." + name, "TEST": {"MIRROR": mirror}}
    for name, mirror in (("events", None), ("legacy", None), ("replica", "default"))
}
DATABASE_ROUTERS = ["shop_routers.Router"]
"""
ROUTER = """
class Router:
    def allow_migrate(self, db, app_label, **hints):
        {rule}
"""


@pytest.mark.parametrize(
    ("rule", "named", "expected"),
    [
        ("return db != 'legacy' or None", None, ["events"]),
        # Only for a model, as some routers ask.
        ("return True if db == 'events' and hints.get('model_name') == 'user' else None", None, ["events"]),
        ("return False", None, []),
        ("return None", None, []),
        ("return False", ["default", "legacy"], ["legacy"]),
    ],
)
def test_several_databases(rule: str, named: list[str] | None, expected: list[str], project: Project) -> None:
    """Those to which a router sends something, or those that are named."""
    project.settings(SETTINGS + SEVERAL)
    (project.path / "shop_routers.py").write_text(ROUTER.format(rule=rule))
    status, events = project.run("migrate", databases=named)
    assert status == 0
    migrated = [event["migration"] for event in named_migrations(events)]
    assert "bakery.0001_flour" in migrated
    assert sorted({name.partition(" ")[2].strip("()") for name in migrated} - {""}) == expected
    _, events = project.run("migrate", databases=named)
    assert named_migrations(events) == []
    assert [event["database"] for event in events if event["event"] == "migrations"] == ["default", *expected]


def named_migrations(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The migrations that were applied."""
    return named(events, "migrated")


def test_a_database_that_is_none(project: Project) -> None:
    """The variable is to blame."""
    status, events = project.run("check-migrations", databases=["default", "evnets"])
    assert status == 1
    assert failure(events)["kind"] == "settings"
    assert failure(events)["error"]["message"] == "DJINIT_MIGRATE_DATABASES names evnets, and DATABASES has default"
