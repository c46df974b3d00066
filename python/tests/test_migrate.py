"""djinit_migrate and djinit_password, with a real SQLite database in memory."""

import sys
from pathlib import Path

import django
import djinit_command
import djinit_migrate
import djinit_password
import pytest
from django.conf import settings

FIRST = "from django.db import migrations\nclass Migration(migrations.Migration):\n    dependencies = []\n    operations = []\n"
SECOND = FIRST.replace("[]", "[('bakery', '0001_flour')]", 1)


@pytest.fixture(scope="module", autouse=True)
def _django(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("project")
    migrations = directory / "bakery" / "migrations"
    migrations.mkdir(parents=True)
    for package in (migrations.parent, migrations):
        (package / "__init__.py").write_text("")
    (migrations / "0001_flour.py").write_text(FIRST)
    (migrations / "0002_sugar.py").write_text(SECOND)
    sys.path.insert(0, str(Path(directory)))
    settings.configure(
        INSTALLED_APPS=["bakery"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        PASSWORD_HASHERS=["django.contrib.auth.hashers.PBKDF2PasswordHasher"],
    )
    django.setup()


@pytest.fixture(autouse=True)
def _empty() -> object:
    from django.db import connection
    from django.db.backends.base.base import BaseDatabaseWrapper

    yield
    # Its own `close` keeps a database in memory.
    BaseDatabaseWrapper.close(connection)


def record(*names: str) -> None:
    """Record migrations as applied."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    for name in names:
        recorder.record_applied("bakery", name)


def test_all_are_pending_in_a_new_database() -> None:
    """And it is known to be new."""
    assert djinit_password.is_new_database()
    assert djinit_migrate.pending() == ["bakery.0001_flour", "bakery.0002_sugar"]


def test_what_is_recorded_is_not() -> None:
    """Wherever it lies."""
    record("0001_flour")
    assert not djinit_password.is_new_database()
    assert djinit_migrate.pending() == ["bakery.0002_sugar"]


def test_a_history_that_contradicts_itself_raises() -> None:
    """As `migrate` does; the list tells it without raising."""
    from django.db.migrations.exceptions import InconsistentMigrationHistory

    record("0002_sugar")
    with pytest.raises(InconsistentMigrationHistory):
        djinit_migrate.pending()
    known, recorded, contradiction = djinit_migrate.known_and_recorded()
    assert [row["name"] for row in known] == ["0001_flour", "0002_sugar"]
    assert recorded == [{"app": "bakery", "name": "0002_sugar"}]
    assert contradiction is not None and "0001_flour" in contradiction


def test_known_has_the_dependencies() -> None:
    """For the manifest."""
    loader, _ = djinit_migrate.load_history()
    assert djinit_migrate.known(loader)[1] == {
        "app": "bakery",
        "name": "0002_sugar",
        "replaces": [],
        "dependencies": [["bakery", "0001_flour"]],
    }


def test_the_command_applies_them() -> None:
    """It is Django's own, and tells each one."""
    told: list[str] = []
    djinit_migrate.migrate("default", lambda action, *_: told.append(action), 1, 10, print)
    assert djinit_command.own_command()[0] is False
    assert told.count("apply_success") == 2
    assert djinit_migrate.pending() == []


def test_a_hash_made_beside_is_taken_once_and_fits() -> None:
    """Another password gets one of its own."""
    from django.contrib.auth.hashers import check_password, make_password

    djinit_password.hash_beside("flour")
    first, other, second = make_password("flour"), make_password("sugar"), make_password("flour")
    assert check_password("flour", first)
    assert check_password("sugar", other)
    assert check_password("flour", second)
    assert first != second
