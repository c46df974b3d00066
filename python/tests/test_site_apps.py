"""djinit_django.apps: one line of settings connects what there is to connect."""

import logging
import sys
from collections.abc import Iterator
from typing import Any

import djinit_django
import pytest
from celery import signals
from django.conf import settings
from django.core.signals import request_finished
from djinit_django import apps, logs, request_id, tasks


@pytest.fixture(autouse=True)
def _as_before(default_settings: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(logging.Logger, "makeRecord", logging.Logger.makeRecord)
    monkeypatch.setattr(logging.root, "handlers", [logging.StreamHandler(sys.stderr)])
    monkeypatch.delenv("DJINIT_RELAYED", raising=False)
    yield
    request_finished.disconnect(dispatch_uid="djinit_django.forget")
    for signal in (signals.before_task_publish, signals.task_prerun, signals.task_postrun):
        for name in ("send", "begin", "end"):
            signal.disconnect(dispatch_uid=f"djinit_django.{name}")


def ready() -> Any:
    """What the root's handler writes with, when the app is there."""
    apps.DjinitConfig("djinit_django", djinit_django).ready()
    return logging.root.handlers[0].formatter


def test_the_middleware_is_the_outermost_once() -> None:
    """Also where the project has put it elsewhere."""
    settings.MIDDLEWARE = ["shop.middleware"]
    ready()
    ready()
    assert settings.MIDDLEWARE == [apps.MIDDLEWARE, "shop.middleware"]
    settings.MIDDLEWARE = ["shop.middleware", apps.MIDDLEWARE]
    ready()
    assert settings.MIDDLEWARE == ["shop.middleware", apps.MIDDLEWARE]


def test_records_are_marked_and_requests_forgotten() -> None:
    """Whoever reads them."""
    assert ready() is None
    request_id.current.set("abc")
    made: Any = logging.getLogger("shop").makeRecord("shop", logging.INFO, "", 0, "", (), None)
    assert made.request_id == "abc"
    request_finished.send(sender=None)
    assert request_id.current.get() == ""


def test_lines_become_records_where_djinit_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal keeps its lines of text."""
    monkeypatch.setenv("DJINIT_RELAYED", "1")
    assert isinstance(ready(), logs.JsonFormatter)


@pytest.mark.parametrize("is_there", [True, False])
def test_celery_is_connected_where_it_is(is_there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project without it has nothing to connect."""
    monkeypatch.setattr(apps, "find_spec", lambda name: is_there if name == "celery" else pytest.fail(name))
    if not is_there:
        monkeypatch.setattr(apps, "find_spec", lambda _: None)
    ready()
    request_id.current.set("abc")
    headers: dict[str, Any] = {}
    signals.before_task_publish.send("bake", headers=headers)
    request_id.current.set("")
    assert headers == ({tasks.HEADER: "abc"} if is_there else {})
