"""djinit_redelivery: a task that Redis gives out a second time while a worker has it is told of, once."""

import time
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery
from djinit_redelivery import Redelivery


def app_of(kind: str = "redis", **options: Any) -> Any:
    """With that kind of broker: the package redis is not here."""
    app = Celery("shop", broker="memory://", set_as_current=False)
    vars(app)["connection_for_read"] = lambda: SimpleNamespace(transport=SimpleNamespace(driver_type=kind))
    app.conf.broker_transport_options = options

    def bake() -> None:
        """Do nothing."""

    for name, acks_late in (("bake", False), ("late", True)):
        app.task(bake, name=name, acks_late=acks_late, shared=False)
    return app


def request_in(hours: float | None, name: str = "bake") -> Any:
    eta = None if hours is None else datetime.now(timezone.utc) + timedelta(hours=hours)
    return SimpleNamespace(name=name, eta=eta)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


def test_one_whose_time_comes_too_late(caplog: pytest.LogCaptureFixture) -> None:
    """Once for each kind."""
    redelivery = Redelivery(app_of())
    for hours in (None, -1, 0.5, 2, 3):
        redelivery.received(request_in(hours))
    (text,) = said(caplog)
    assert text.startswith(
        "Task bake may be run more than once: Redis waits 3600 s for its worker (visibility_timeout), but its time comes in "
    )


def test_one_that_runs_for_too_long(caplog: pytest.LogCaptureFixture) -> None:
    """Where it is acknowledged when it has ended."""
    redelivery = Redelivery(app_of())
    for name in ("bake", "late", "late", "other"):
        redelivery.runs(name, time.monotonic() - 4000)
    redelivery.runs("late", time.monotonic())
    (text,) = said(caplog)
    assert "it has acks_late and has run for 4000 s" in text


def test_what_the_project_has_set_counts(caplog: pytest.LogCaptureFixture) -> None:
    """Longer or shorter."""
    Redelivery(app_of(visibility_timeout=86_400)).received(request_in(2))
    assert said(caplog) == []
    Redelivery(app_of(visibility_timeout=60)).received(request_in(0.5))
    assert len(said(caplog)) == 1


def test_a_broker_that_sees_its_workers(caplog: pytest.LogCaptureFixture) -> None:
    """It waits as long as they are there. One whose transport cannot be loaded is the worker's to tell of."""
    without = app_of()
    vars(without)["connection_for_read"] = SimpleNamespace
    for app in (app_of("amqp"), without):
        redelivery = Redelivery(app)
        redelivery.received(request_in(48))
        redelivery.runs("late", time.monotonic() - 100_000)
    assert said(caplog) == []
