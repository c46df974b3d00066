"""Carries the request's id from whoever sends a task to the worker that runs it, in a header of the message."""

from __future__ import annotations

import logging
import os
from typing import Any

from celery import signals

from djinit_django import logs, request_id

HEADER = "djinit_request_id"


def connect() -> None:
    signals.before_task_publish.connect(send, weak=False, dispatch_uid="djinit_django.send")
    signals.task_prerun.connect(begin, weak=False, dispatch_uid="djinit_django.begin")
    signals.task_postrun.connect(end, weak=False, dispatch_uid="djinit_django.end")
    if os.environ.get("DJINIT_RELAYED"):
        for signal in (signals.after_setup_logger, signals.after_setup_task_logger):
            signal.connect(convert, weak=False, dispatch_uid="djinit_django.convert")


def send(headers: dict[str, Any] | None = None, **_: object) -> None:
    if headers is not None and (given := request_id.current.get()):
        headers.setdefault(HEADER, given)


def begin(task_id: str, task: Any, **_: object) -> None:
    request = task.request
    headers = getattr(request, "headers", None) or {}
    given = getattr(request, HEADER, None) or headers.get(HEADER)
    # A task that is run where it was sent from goes on with the request afterwards.
    request.djinit_before = (request_id.current.get(), logs.current_task.get())
    if isinstance(given, str) and request_id.WELL_FORMED.fullmatch(given):
        request_id.current.set(given)
    logs.current_task.set({"id": task_id, "name": task.name})


def end(task: Any, **_: object) -> None:
    before, task_before = getattr(task.request, "djinit_before", ("", None))
    request_id.current.set(before)
    logs.current_task.set(task_before)


def convert(logger: logging.Logger, **_: object) -> None:
    logs.convert(logger.handlers, with_process=True)
