"""djinit_django.tasks: a task runs with the id of the request that has sent it. With celery's own signals, on no broker."""

import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery, signals
from djinit_django import logs, request_id, tasks


@pytest.fixture(autouse=True)
def _connected(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("DJINIT_RELAYED", raising=False)
    tasks.connect()
    yield
    for signal, uid in (
        (signals.before_task_publish, "send"),
        (signals.task_prerun, "begin"),
        (signals.task_postrun, "end"),
        (signals.after_setup_logger, "convert"),
        (signals.after_setup_task_logger, "convert"),
    ):
        signal.disconnect(dispatch_uid=f"djinit_django.{uid}")
    request_id.current.set("")


def application() -> tuple[Any, list[Any]]:
    """(a task, what it has seen)."""
    app = Celery("shop", broker="memory://", backend="cache+memory://")
    seen: list[Any] = []

    def bake() -> None:
        seen.append((request_id.current.get(), logs.current_task.get()))

    return app.task(bake, name="bake"), seen


def test_run_where_it_was_sent_from() -> None:
    """It has the request's id, and the request goes on with it."""
    bake, seen = application()
    request_id.current.set("abc")
    result = bake.apply()
    assert result.successful()
    assert seen == [("abc", {"id": result.id, "name": "bake"})]
    assert request_id.current.get() == "abc"
    assert logs.current_task.get() is None


def test_run_by_a_worker() -> None:
    """By the message's header; afterwards there is none."""
    bake, seen = application()
    bake.apply(headers={tasks.HEADER: "abc"})
    assert [given for given, _ in seen] == ["abc"]
    assert request_id.current.get() == ""


@pytest.mark.parametrize("given", ["a b", "x" * 200, 7, None])
def test_a_header_of_somebody_elses(given: object) -> None:
    """Nobody but the sender has looked at it."""
    bake, seen = application()
    bake.apply(headers={tasks.HEADER: given})
    assert [found for found, _ in seen] == [""]


def test_it_is_sent_along() -> None:
    """Unless there is none, or the sender has set one."""
    bake, _ = application()
    published: list[dict[str, Any]] = []

    def note(headers: dict[str, Any], **_: object) -> None:
        published.append(headers)

    signals.before_task_publish.connect(note, weak=False, dispatch_uid="note")
    try:
        bake.apply_async()
        request_id.current.set("abc")
        bake.apply_async()
        bake.apply_async(headers={tasks.HEADER: "own"})
    finally:
        signals.before_task_publish.disconnect(dispatch_uid="note")
    assert [headers.get(tasks.HEADER) for headers in published] == [None, "abc", "own"]
    tasks.send(headers=None)


@pytest.mark.parametrize("is_relayed", [False, True])
def test_celerys_lines_become_records(is_relayed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where djinit reads them."""
    if is_relayed:
        monkeypatch.setenv("DJINIT_RELAYED", "1")
    tasks.connect()
    logger = logging.Logger("celery")
    for signal in (signals.after_setup_logger, signals.after_setup_task_logger):
        logger.handlers = [logging.StreamHandler(sys.stderr)]
        signal.send(None, logger=logger)
        formatter: Any = logger.handlers[0].formatter
        assert isinstance(formatter, logs.JsonFormatter) == is_relayed
        assert not is_relayed or formatter.with_process
