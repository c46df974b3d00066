"""djinit_command: a table of `migrate` commands, and whether Django alone could say what they would apply."""

import importlib
import sys
from pathlib import Path
from typing import Any

import djinit_command
import pytest

HEAD = """
import logging
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.core.management.commands.migrate import Command as Migrate
logger = logging.getLogger(__name__)
class Command(Migrate):
"""
SUPER = "super().handle(*args, **options)"


def handle(*lines: str) -> str:
    """The method that Django calls."""
    return "    def handle(self, *args, **options):\n" + "".join(f"        {line}\n" for line in lines)


HARMLESS = {
    "nothing": "    pass\n",
    "a help text": "    help = 'ours'\n",
    "an argument": "    def add_arguments(self, parser):\n        super().add_arguments(parser)\n",
    "a word before": handle("print('ours')", f"return {SUPER}"),
    "words after": handle(
        "'Ours.'", f"result = {SUPER}", "self.stdout.write(self.style.SUCCESS('done'))", "logger.info('done')", "return result"
    ),
    "execute": "    def execute(self, *args, **kwargs):\n        super().execute(*args, **kwargs)\n",
}
OTHERS = {
    "each database": handle("for name in 'ab':", "    super().handle(*args, **{**options, 'database': name})"),
    "another database": handle("options['database'] = 'other'", SUPER),
    "more work": handle(SUPER, "call_command('loaddata', 'x')"),
    "work in what it says": handle("print(call_command('x'))", SUPER),
    "not at all": handle("print('no')"),
    "under a condition": handle("if options['x']:", f"    {SUPER}"),
    "twice": handle(SUPER, SUPER),
    "another method": "    def sync_apps(self, connection, labels):\n        pass\n",
    "a decorator": "    @(lambda function: function)\n" + handle(SUPER),
    "another base": "    pass\nclass Command(BaseCommand):\n" + handle("pass"),
}
BASE = handle("call_command('x')") + "class Middle(Command):\n    pass\nclass Command(Middle):\n    pass\n"


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield
    sys.modules.pop("own_migrate", None)


def command(text: str, tmp_path: Path) -> Any:
    """The class that a project's file defines."""
    (tmp_path / "own_migrate.py").write_text(HEAD + text)
    return importlib.import_module("own_migrate").Command


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_passes_on(text: str, tmp_path: Path) -> None:
    """It applies what Django's own does."""
    assert djinit_command.passes_on(command(text, tmp_path))


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_decides_by_itself(text: str, tmp_path: Path) -> None:
    """Or may, as far as its text can tell."""
    assert not djinit_command.passes_on(command(text, tmp_path))


def test_a_base_of_the_projects_own(tmp_path: Path) -> None:
    """Each class on the way counts."""
    assert not djinit_command.passes_on(command(BASE, tmp_path))


def test_without_its_text(tmp_path: Path) -> None:
    """What cannot be read may do anything."""
    own = command(HARMLESS["a word before"], tmp_path)
    (tmp_path / "own_migrate.py").unlink()
    importlib.import_module("linecache").clearcache()
    assert not djinit_command.passes_on(own)
