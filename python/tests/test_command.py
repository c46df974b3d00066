"""djinit_command: a table of `migrate` commands, and what they do besides what Django's own does."""

import importlib
import sys
from pathlib import Path
from typing import Any

import djinit_command
import pytest
from djinit_command import Work

HEAD = """
import logging, os
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
    "as of old": handle("super(Command, self).handle(*args, **options)"),
    "without arguments": "    def handle(self, **options):\n        super().handle(**options)\n",
    "under a lock": handle("with pglock.advisory('migrate'):", f"    return {SUPER}"),
    "never a question": handle(
        "import os", "if os.environ.get('RENDER'):", "    options['interactive'] = False", f"return {SUPER}"
    ),
    "a default": handle("options.setdefault('verbosity', 0)", SUPER),
}
MORE = {
    "more work": handle(SUPER, "call_command('loaddata', 'x')"),
    "work before": handle("groups.ensure()", SUPER),
    "work in what it says": handle("print(call_command('x'))", SUPER),
    "a loop beside it": handle(SUPER, "for name in 'ab':", "    Group.objects.using(options['database']).create(name=name)"),
    "a method of its own": handle(SUPER, "self.fill()") + "    def fill(self):\n        Group.objects.create()\n",
    "something else around it": handle("with default_settings():", f"    return {SUPER}"),
    "a lock of something": handle("with lock(made()):", f"    return {SUPER}"),
    "an answer": handle("print('x' if ask() else '')", SUPER),
    "work under a condition": handle(SUPER, "if options.get('verbosity'):", "    fill()"),
}
OTHERS = {
    "each database": handle("for name in 'ab':", "    super().handle(*args, **{**options, 'database': name})"),
    "another database": handle("options['database'] = 'other'", SUPER),
    "another database, by a method": handle("options.update(database='other')", SUPER),
    "another application": handle("options.setdefault('app_label', 'x')", SUPER),
    "options that somebody else gets": handle("change(options)", SUPER),
    "options of its own": handle("options = {}", SUPER),
    "tenants": handle(SUPER, "for each in tenants():", "    each.update()"),
    "a schema around it": handle("with schema_context('x'):", f"    {SUPER}"),
    "another command": handle(SUPER, "call_command('migrate_more')"),
    "other databases": handle(SUPER, "for name in connections:", "    fill(name)"),
    "a method about tenants": handle(SUPER, "self.fill()") + "    def fill(self):\n        tenants()\n",
    "an early end": handle("if os.environ.get('X'):", "    return", SUPER),
    "under an unblocking": handle("with unblock_schema():", f"    {SUPER}"),
    "in a loop": handle("while True:", f"    {SUPER}"),
    "other arguments": handle("super().handle(**options)"),
    "a base's other method": handle("super().execute(*args, **options)"),
    "a keyword of its own": "    def handle(self, *args, database='x', **options):\n        super().handle(*args, **options)\n",
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


TABLE = [(text, Work.DJANGOS) for text in HARMLESS.values()]
TABLE += [(text, Work.MORE) for text in MORE.values()] + [(text, Work.OWN) for text in OTHERS.values()]


@pytest.mark.parametrize(("text", "work"), TABLE, ids=[*HARMLESS, *MORE, *OTHERS])
def test_work(text: str, work: Work, tmp_path: Path) -> None:
    """As far as its text can tell."""
    assert djinit_command.work_of(command(text, tmp_path)) == work


def test_a_base_of_the_projects_own(tmp_path: Path) -> None:
    """Each class on the way counts."""
    assert djinit_command.work_of(command(BASE, tmp_path)) == Work.OWN


def test_without_its_text(tmp_path: Path) -> None:
    """What cannot be read may do anything."""
    own = command(HARMLESS["a word before"], tmp_path)
    (tmp_path / "own_migrate.py").unlink()
    importlib.import_module("linecache").clearcache()
    assert djinit_command.work_of(own) == Work.OWN
