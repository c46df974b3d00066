"""Log records that know their request and task, and, where djinit reads them, are written as JSON."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable
from contextvars import ContextVar
from datetime import datetime, timezone
from typing import Any

from djinit_django import request_id

# djinit cuts lines at 256 KiB; a record that is cut is none.
LONGEST_LINE = 250_000
CUT_MARK = "… [cut by djinit]"

# What logging itself sets. All else comes from `extra`.
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "request_id"}
# Of djinit's schema; `extra` may not pass for them.
SCHEMA = frozenset({"time", "level", "service", "pid", "msg", "process", "logger", "error"})

# {"id": …, "name": …} of the task that is being run.
current_task: ContextVar[dict[str, Any] | None] = ContextVar("djinit_task", default=None)


def mark_records() -> None:
    """Put `request_id` into every log record, for formatters and filters.

    Not by a record factory: its attribute would clash with an `extra` of that name, for which logging raises.
    """
    make_record = logging.Logger.makeRecord
    if getattr(make_record, "djinit", False):
        return

    def make_marked_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make_record(*args, **kwargs)
        vars(record).setdefault("request_id", request_id.current.get())
        return record

    vars(make_marked_record)["djinit"] = True
    logging.Logger.makeRecord = make_marked_record  # type: ignore[method-assign]


def write_records() -> None:
    """Let every handler that writes lines of text to stdout or stderr write records."""
    known = [logging.getLogger(name) for name in list(logging.root.manager.loggerDict)]
    for logger in [logging.root, *known]:
        convert(logger.handlers)
    if logging.lastResort is not None:
        convert([logging.lastResort])


def convert(handlers: Iterable[logging.Handler], with_process: bool = False) -> None:
    for handler in handlers:
        if not isinstance(handler, logging.StreamHandler) or isinstance(handler, logging.FileHandler):
            continue
        # celery keeps the streams it has replaced under these names.
        standard = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
        if handler.stream in standard and is_plain(handler.formatter):
            handler.setFormatter(JsonFormatter(with_process))


def is_plain(formatter: logging.Formatter | None) -> bool:
    """Whether it makes lines of text as logging, Django and celery do; a formatter of the project's own is kept."""
    kind = type(formatter)
    return formatter is None or kind is logging.Formatter or kind.__module__.split(".")[0] in ("django", "celery")


class JsonFormatter(logging.Formatter):
    """One record as one line, in the schema of docs/logs.md."""

    def __init__(self, with_process: bool = False) -> None:
        super().__init__()
        self.with_process = with_process

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "pid": record.process,
            "msg": record.getMessage(),
            "logger": record.name,
        }
        if self.with_process:
            fields["process"] = record.processName
        fields |= about_request(record) | about_task(record) | self.about_error(record)
        extra = {name: value for name, value in vars(record).items() if is_extra(name, value)}
        return to_line(fields | {name: value for name, value in extra.items() if name not in fields})

    def about_error(self, record: logging.LogRecord) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if record.exc_info and record.exc_info[0]:
            kind, value, _ = record.exc_info
            stack = record.exc_text or self.formatException(record.exc_info)
            fields["error"] = {"type": name_of(kind), "message": text_of(value), "stack": stack}
        elif record.exc_text:
            fields["error"] = {"stack": record.exc_text}
        if record.stack_info:
            fields["stack"] = self.formatStack(record.stack_info)
        return fields


def about_request(record: logging.LogRecord) -> dict[str, Any]:
    """The request's id, and what Django's loggers say of the request they are about."""
    given = getattr(record, "request_id", "")
    fields: dict[str, Any] = {"request_id": given} if isinstance(given, str) and given else {}
    request: Any = getattr(record, "request", None)
    method = getattr(request, "method", None)
    if isinstance(method, str):
        status = getattr(record, "status_code", None)
        response = {"response": {"status_code": status}} if isinstance(status, int) else {}
        fields["http"] = {"request": {"method": method}} | response
        query = request.META.get("QUERY_STRING", "") if isinstance(getattr(request, "META", None), dict) else ""
        fields["url"] = {"path": getattr(request, "path", ""), "query": query}
    return fields


def about_task(record: logging.LogRecord) -> dict[str, Any]:
    """The task that is being run; celery's own records name theirs in `data`."""
    data = getattr(record, "data", None)
    if isinstance(data, dict) and isinstance(data.get("id"), str) and isinstance(data.get("name"), str):
        return {"task": {"id": data["id"], "name": data["name"]}}
    task = current_task.get()
    return {"task": task} if task else {}


def is_extra(name: str, value: object) -> bool:
    """Objects such as Django's request, and the arguments of tasks in celery's `data`, are not written."""
    if name in STANDARD or name in SCHEMA or name == "data":
        return False
    return value is None or isinstance(value, (str, int, float, list, tuple, dict))


def to_line(fields: dict[str, Any]) -> str:
    line = dump(fields)
    if len(line) > LONGEST_LINE:
        kept = {name: fields[name] for name in fields if name in SCHEMA and name != "error"}
        # A letter of four bytes is two escapes of six.
        for room in (LONGEST_LINE, LONGEST_LINE // 16):
            line = dump(kept | {"msg": fields["msg"][:room] + CUT_MARK})
            if len(line) <= LONGEST_LINE:
                break
    return line


def dump(fields: dict[str, Any]) -> str:
    try:
        return json.dumps(fields, default=str, skipkeys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        # An `extra` that JSON cannot hold, such as one that contains itself.
        return json.dumps({name: value for name, value in fields.items() if name in SCHEMA}, default=str)


def name_of(kind: type) -> str:
    module = kind.__module__
    return kind.__qualname__ if module in ("builtins", "__main__") else f"{module}.{kind.__qualname__}"


def text_of(value: object) -> str:
    try:
        return str(value)
    except Exception:
        return "<exception str() failed>"
