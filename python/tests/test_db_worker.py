"""djinit_db_worker: what it adds to a worker with db_worker's loop. With the real one: test/container/tasks.test.ts."""

import json
import logging
import signal
import sys
import time as clock
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import djinit_db_worker as db_worker
import pytest
from django.db.utils import OperationalError


class Row(SimpleNamespace):
    id = "7"
    task_path = "farm.tasks.harvest"
    status = "RUNNING"
    away = 0

    def set_successful(self, value: object) -> None:
        if self.away > 0:
            self.away -= 1
            raise OperationalError("the connection is closed")
        self.status = "SUCCESSFUL"

    def set_failed(self, error: BaseException) -> None:
        self.status = "FAILED"


class PlainWorker:
    """As db_worker's: it asks for `running`, claims, runs, and sleeps where there was nothing."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.running = True
        self.interval = 1

    def run(self) -> None:
        while self.running:
            row = self.module.claim(self)
            if row is not None:
                self.run_task(row)
            if self.running and not row:
                self.module.time.sleep(self.interval)

    def run_task(self, row: Any) -> None:
        try:
            row.set_successful(self.module.task(self))
        except BaseException as error:
            row.set_failed(error)

    def reset_signals(self) -> None:
        pass


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    made: Any = ModuleType("plain_worker")
    made.time, made.logger, made.DBTaskResult = clock, logging.getLogger("plain_worker"), None
    made.Worker = type("Worker", (PlainWorker,), {"__module__": "plain_worker"})
    made.rows = [Row()]
    made.claim = lambda worker: made.rows.pop() if made.rows else None
    made.task = lambda worker: None
    made.slept = []
    monkeypatch.setitem(sys.modules, "plain_worker", made)
    monkeypatch.setattr(db_worker, "PATH", str(tmp_path / "report"))
    monkeypatch.setattr(db_worker, "FIRST_WAIT_S", 0.0)
    monkeypatch.setattr(db_worker, "database_answers", lambda module: True)
    monkeypatch.setattr(db_worker, "QueueWatch", lambda *args: SimpleNamespace(start=lambda: None))
    yield made


def worker_of(module: Any) -> Any:
    return db_worker.watched(module, db_worker.Reporter(module.logger), ("default",))(module)


def report(module: Any) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(Path(str(db_worker.PATH)).read_text())
    return facts


def test_a_signal_between_claim_and_start_does_not_lose_the_task(module: Any) -> None:
    worker = worker_of(module)
    row = module.rows[0]

    def claim(it: Any) -> Any:
        it.shutdown(signal.SIGTERM, None)
        return row

    module.claim = claim
    worker.run()
    assert row.status == "SUCCESSFUL"


def test_term_as_often_as_it_comes_lets_the_task_end(module: Any) -> None:
    row = module.rows[0]
    module.rows.insert(0, Row())
    module.task = lambda worker: [worker.shutdown(signal.SIGTERM, None) for _ in range(3)]
    worker_of(module).run()
    assert row.status == "SUCCESSFUL"
    assert len(module.rows) == 1


def test_quit_drops_the_task_which_is_recorded(module: Any) -> None:
    row = module.rows[0]
    module.task = lambda worker: worker.shutdown(signal.SIGQUIT, None)
    worker_of(module).run()
    assert row.status == "FAILED"
    assert report(module)["tasks"] == {"farm.tasks.harvest": {"task-started": 1, "task-failed": 1}}


def test_a_signal_while_it_sleeps_ends_it_at_once(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = worker_of(module)
    monkeypatch.setattr(clock, "sleep", lambda seconds: worker.shutdown(signal.SIGTERM, None))
    with pytest.raises(SystemExit) as ended:
        worker.run()
    assert ended.value.code == 0
    assert report(module)["state"] == "connected"


def test_the_outcome_is_written_once_the_database_is_back(module: Any) -> None:
    row = module.rows[0]
    row.away = 3
    module.task = lambda worker: worker.shutdown(signal.SIGTERM, None)
    worker_of(module).run()
    assert row.status == "SUCCESSFUL"


def test_a_database_that_only_refuses_is_not_asked_for_ever(module: Any) -> None:
    row = module.rows[0]
    row.away = 100
    module.task = lambda worker: worker.shutdown(signal.SIGTERM, None)
    worker_of(module).run()
    assert row.status == "FAILED"


def test_it_outlives_its_database(module: Any) -> None:
    row, asked = module.rows[0], []

    def claim(worker: Any) -> Any:
        asked.append(report(module)["state"])
        if len(asked) < 3:
            raise OperationalError("no route to host")
        worker.shutdown(signal.SIGTERM, None)
        return row

    module.claim = claim
    worker_of(module).run()
    assert row.status == "SUCCESSFUL"
    assert asked == ["starting", "connecting", "connecting"]


def test_a_task_of_a_worker_that_was_killed_is_named(module: Any, caplog: pytest.LogCaptureFixture) -> None:
    def killed(worker: Any) -> None:
        Path(str(db_worker.PATH) + ".kept").write_bytes(Path(str(db_worker.PATH)).read_bytes())
        worker.shutdown(signal.SIGTERM, None)

    module.task = killed
    worker_of(module).run()
    assert "killed" not in caplog.text
    Path(str(db_worker.PATH) + ".kept").rename(str(db_worker.PATH))
    db_worker.Reporter(module.logger)
    assert "Task id=7 path=farm.tasks.harvest was running when its worker was killed" in caplog.text
