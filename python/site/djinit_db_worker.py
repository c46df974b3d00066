"""`db_worker` of django-tasks-db, and of django-tasks before it was taken out of there, as djinit runs it.

The command is the project's own; its class Worker gets what it lacks:

- It tells djinit that it comes round, and what its tasks do (djinit_report), if DJINIT_HEARTBEAT is set.
- It outlives its database: it waits until that is back, and then writes down what became of the task that it had.
- TERM is a wish to end, however often it comes. (Its own Worker takes the second one for an order to drop its task, and a first
  one between the claim of a task and its start loses the task.) QUIT drops the task, which is recorded as failed.

A fault of the reports must never be the worker's: whatever fails there is swallowed.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType, ModuleType
from typing import Any

from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.utils import InterfaceError, OperationalError
from djinit_db_queue import QueueWatch
from djinit_report import SHORTEST_PERIOD_S, Counts, Report, last_report

PATH = os.environ.get("DJINIT_HEARTBEAT")
COMMAND = "db_worker"

DATABASE_AWAY = (OperationalError, InterfaceError)
#: Between two questions whether the database is back.
FIRST_WAIT_S = 0.5
MOST_WAIT_S = 5.0
#: Between two records of one outage.
COMPLAINT_PERIOD_S = 60.0
#: A database that answers, and refuses so often to take what became of a task, will never take it.
MOST_REFUSALS = 5


class Reporter:
    """What djinit is told. Without a file nobody is."""

    def __init__(self, logger: logging.Logger) -> None:
        self.report: Report | None = None
        self.counts: Counts | None = None
        self.is_ready = False
        if PATH is None:
            return
        with suppress(Exception):
            say_what_was_lost(last_report(PATH), logger)
            self.report = Report(PATH, "tasks")
            self.counts = Counts(self.report)
            self.report.write(state="starting", active=0, solo=True)

    def came_round(self, within_s: float = 0.0) -> None:
        """Tell that the loop turns, and will again `within_s`."""
        with suppress(Exception):
            report = self.report
            if report is None or (within_s == 0.0 and time.monotonic() - report.written_at < SHORTEST_PERIOD_S):
                return
            report.arm(within_s)
            report.write(due=time.monotonic() + within_s)

    def connected(self, within_s: float) -> None:
        """Tell that the database has answered."""
        with suppress(Exception):
            if self.report is None:
                return
            self.report.facts.update(state="connected")
            self.came_round(within_s)
            self.tell_ready()

    def tell_ready(self) -> None:
        if self.report is not None and not self.is_ready:
            self.report.ready()
            self.is_ready = True

    def without_database(self) -> None:
        with suppress(Exception):
            if self.report is not None:
                since = {} if self.report.facts.get("state") == "connecting" else {"since": time.monotonic()}
                self.report.disarm()
                self.report.write(state="connecting", **since)

    def begins(self, row: Any) -> None:
        with suppress(Exception):
            if self.report is not None and self.counts is not None:
                # A task may take as long as it likes.
                self.report.disarm()
                self.report.facts.update(state="connected", row=str(row.id))
                self.counts.count("task-started", row.task_path, str(row.id))
                self.tell_ready()

    def ended(self, row: Any) -> None:
        with suppress(Exception):
            if self.report is not None and self.counts is not None:
                self.report.facts.pop("row", None)
                failed = str(row.status) == "FAILED"
                self.counts.count("task-failed" if failed else "task-succeeded", row.task_path, str(row.id))


def say_what_was_lost(before: dict[str, Any], logger: logging.Logger) -> None:
    """Of a worker that was killed while it ran a task, by its last report."""
    row, oldest = before.get("row"), before.get("oldest")
    if row and oldest and before.get("kind") == "tasks":
        logger.error(
            "Task id=%s path=%s was running when its worker was killed: it stays RUNNING, and nothing runs it again",
            str(row)[:100],
            str(oldest[0])[:500],
        )


class Naps:
    """The module `time` for the worker's: where it sleeps it has no task, and its database has answered."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self.sleep = sleep

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


def watched(module: ModuleType, reporter: Any, queues: Sequence[str]) -> type[Any]:
    """Derive from the worker of the command's module."""
    logger = logger_of(module)
    base: type[Any] = module.Worker
    sleepers = {sys.modules[kind.__module__] for kind in base.__mro__ if hasattr(sys.modules[kind.__module__], "time")}

    class Worker(base):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.keeps_on = True
            self.turns = 0
            # Where it has no task, and has asked for none.
            self.may_exit = True
            self.wait_s = FIRST_WAIT_S
            self.complained_at = -COMPLAINT_PERIOD_S
            self.row: Any = None
            super().__init__(*args, **kwargs)
            for sleeper in sleepers:
                sleeper.time = Naps(self.nap)  # type: ignore[attr-defined]

        @property
        def running(self) -> bool:
            """Its loop asks for it in each turn."""
            self.turns += 1
            self.may_exit = False
            reporter.came_round()
            return self.keeps_on

        @running.setter
        def running(self, value: bool) -> None:
            self.keeps_on = value

        def shutdown(self, signum: int, frame: FrameType | None) -> None:
            first, self.keeps_on = self.keeps_on, False
            name = signal.Signals(signum).name
            if self.may_exit:
                sys.exit(0)
            if signum == signal.SIGQUIT and self.row is not None:
                logger.error("Task id=%s path=%s ends unfinished: %s", self.row.id, self.row.task_path, name)
                self.reset_signals()
                sys.exit(1)
            if first and self.row is not None:
                logger.info("%s: the worker ends after task id=%s path=%s", name, self.row.id, self.row.task_path)

        def nap(self, seconds: float) -> None:
            if self.turns:
                self.wait_s = FIRST_WAIT_S
                self.complained_at = -COMPLAINT_PERIOD_S
                reporter.connected(seconds)
            self.may_exit = True
            # A signal that has come before that must not wait for this sleep.
            if not self.keeps_on:
                return
            time.sleep(seconds)
            self.may_exit = False

        def run(self) -> None:
            QueueWatch(module.DBTaskResult, self, queues, reporter.report).start()
            while self.keeps_on:
                try:
                    super().run()
                    break
                except DATABASE_AWAY as error:
                    self.wait_for_database(error)
                    self.turns = 0
                    self.startup_delay = False
            if self.keeps_on:
                # It has run as many tasks as it may (--max-tasks): a fresh one, in the same process.
                os.execv(sys.executable, sys.orig_argv)  # noqa: S606

        def wait_for_database(self, error: Exception) -> None:
            """Sleep, and ask, until it answers."""
            if time.monotonic() - self.complained_at >= COMPLAINT_PERIOD_S:
                self.complained_at = time.monotonic()
                logger.warning("The database does not answer, trying again until it does: %s", str(error).strip())
            self.may_exit = self.row is None
            while self.keeps_on or self.row is not None:
                reporter.without_database()
                self.doze()
                if database_answers(module):
                    break
            self.may_exit = False

        def doze(self) -> None:
            until = time.monotonic() + self.wait_s
            self.wait_s = min(self.wait_s * 2, MOST_WAIT_S)
            while (left := until - time.monotonic()) > 0:
                reporter.without_database()
                time.sleep(min(1.0, left))

        def run_task(self, row: Any) -> None:
            self.row = row
            for name in ("set_successful", "set_succeeded", "set_failed"):
                if hasattr(row, name):
                    setattr(row, name, self.until_written(getattr(row, name)))
            reporter.begins(row)
            try:
                super().run_task(row)
            finally:
                self.row = None
                self.wait_s = FIRST_WAIT_S
                reporter.ended(row)

        def until_written(self, write: Callable[..., Any]) -> Callable[..., Any]:
            """What became of a task is written down once its database is back."""

            def written(*args: Any) -> Any:
                refusals = 0
                while True:
                    try:
                        return write(*args)
                    except DATABASE_AWAY as error:
                        refusals += 1
                        if refusals > MOST_REFUSALS:
                            raise
                        self.wait_for_database(error)

            return written

    return Worker


def database_answers(module: ModuleType) -> bool:
    with suppress(Exception):
        connections.close_all()
    try:
        alias = module.DBTaskResult.objects.all().db or DEFAULT_DB_ALIAS
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:
        return False
    return True


def logger_of(module: ModuleType) -> logging.Logger:
    """Of the worker. Where the project has no handler for it, db_worker would add one that leaves out the level."""
    logger: logging.Logger = getattr(module, "logger", None) or logging.getLogger("django_tasks_db")
    if not logger.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
        logger.addHandler(handler)
        logger.propagate = False
        logger.setLevel(logging.INFO)
    return logger


def modules_of(command: object) -> list[ModuleType]:
    """Where the command may find its class Worker: a project may have derived a command of its own."""
    modules = (sys.modules[kind.__module__] for kind in type(command).__mro__)
    return [module for module in modules if hasattr(module, "Worker") and hasattr(module, "DBTaskResult")]


def run(alias: str, queues: Sequence[str], args: Sequence[str]) -> None:
    """Run the command, with its own defaults but for these: all queues of the backend, and no reloader where DEBUG is on."""
    if "--batch" in args:
        raise CommandError(
            "--batch ends the worker when its queue is empty, and djinit would start it again: "
            'give CMD ["django-admin", "db_worker", "--batch"] instead'
        )
    app = get_commands()[COMMAND]
    command = load_command_class(app, COMMAND) if isinstance(app, str) else app
    modules = modules_of(command)
    reporter = Reporter(logger_of(modules[0])) if modules else None
    for module in modules:
        module.Worker = watched(module, reporter, queues)  # type: ignore[attr-defined]
    call_command(command, "--no-reload", "--backend", alias, "--queue-name", "*", *args)
