"""djinit_django.logs: records that know their request and their task, one JSON line each."""

import json
import logging
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from djinit_django import logs, request_id


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    make_record = logging.Logger.makeRecord
    yield
    logging.Logger.makeRecord = make_record  # type: ignore[method-assign]
    request_id.current.set("")
    logs.current_task.set(None)


def record(*args: Any, exc_info: Any = None, extra: dict[str, Any] | None = None, msg: str = "baked %s", **fields: Any) -> Any:
    made = logging.getLogger("shop.oven").makeRecord(
        "shop.oven", logging.WARNING, "oven.py", 7, msg, args or ("bread",), exc_info, extra=extra
    )
    vars(made).update(fields)
    return made


def told(made: logging.LogRecord, **options: Any) -> dict[str, Any]:
    line = logs.JsonFormatter(**options).format(made)
    assert "\n" not in line
    fields: dict[str, Any] = json.loads(line)
    return fields


def test_a_record() -> None:
    """Its time in UTC, to the millisecond."""
    fields = told(record(created=1_700_000_000.1234, process=77))
    assert fields == {
        "time": "2023-11-14T22:13:20.123+00:00",
        "level": "WARNING",
        "pid": 77,
        "msg": "baked bread",
        "logger": "shop.oven",
    }


def test_the_process_is_named_where_it_is_asked_for() -> None:
    """Celery's have names."""
    assert told(record(processName="ForkPoolWorker-1"), with_process=True)["process"] == "ForkPoolWorker-1"


def test_extra_is_told() -> None:
    """But objects are not, nor what would pass for djinit's own."""
    fields = told(
        record(extra={"cakes": 3, "level": "bad", "service": "nginx", "cake": object(), "tags": ["a"], "none": None, "data": {}})
    )
    assert fields["cakes"] == 3
    assert fields["tags"] == ["a"]
    assert fields["none"] is None
    assert fields["level"] == "WARNING"
    assert not {"service", "cake", "data", "args", "lineno"} & set(fields)


def failed() -> Any:
    try:
        return dict[str, Any]()["cake"]
    except KeyError:
        return sys.exc_info()


def test_an_error() -> None:
    """Type, message and stack; text of another's stays."""
    error = told(record(exc_info=failed()))["error"]
    assert error["type"] == "KeyError"
    assert error["message"] == "'cake'"
    assert error["stack"].startswith("Traceback (most recent call last):")
    assert error["stack"].endswith("KeyError: 'cake'")
    assert told(record(exc_info=failed(), exc_text="as it was"))["error"]["stack"] == "as it was"
    assert told(record(exc_text="as it was"))["error"] == {"stack": "as it was"}
    assert "error" not in told(record(exc_info=(None, None, None)))
    assert told(record(sinfo=None, stack_info="File oven.py"))["stack"] == "File oven.py"


def test_an_error_that_cannot_be_told() -> None:
    """Is still one."""

    class Strange(Exception):
        def __str__(self) -> str:
            raise OSError("no")

    assert logs.text_of(Strange()) == "<exception str() failed>"
    assert logs.name_of(Strange) == f"{__name__}.{Strange.__qualname__}"
    assert logs.name_of(KeyError) == "KeyError"


def test_a_request() -> None:
    """By its id, and where Django hands on the request itself, by what it was."""
    logs.mark_records()
    request_id.current.set("abc")
    request = SimpleNamespace(method="GET", path="/cakes", META={"QUERY_STRING": "a=1"})
    fields = told(record(request=request, status_code=404))
    assert fields["http"] == {"request": {"method": "GET"}, "response": {"status_code": 404}}
    assert fields["url"] == {"path": "/cakes", "query": "a=1"}
    assert fields["request_id"] == "abc"
    # Whatever the project calls `request`.
    assert not {"http", "url", "request"} & set(told(record(request=SimpleNamespace())))
    assert "response" not in told(record(request=request, status_code="404"))["http"]
    assert told(record(request=SimpleNamespace(method="GET", META=None)))["url"] == {"path": "", "query": ""}


def test_a_task() -> None:
    """That which is run, or that which celery's own record is about."""
    assert "task" not in told(record())
    logs.current_task.set({"id": "1", "name": "bake"})
    assert told(record())["task"] == {"id": "1", "name": "bake"}
    assert told(record(data={"id": "2", "name": "sell", "args": "secret"}))["task"] == {"id": "2", "name": "sell"}
    assert told(record(data={"id": 2, "name": "sell"}))["task"] == {"id": "1", "name": "bake"}


def test_marked_once() -> None:
    """With the request's id, also where `extra` has one."""
    logs.mark_records()
    marked = logging.Logger.makeRecord
    logs.mark_records()
    assert logging.Logger.makeRecord is marked
    request_id.current.set("abc")
    assert record().request_id == "abc"
    assert record(extra={"request_id": "own"}).request_id == "own"
    assert told(record())["request_id"] == "abc"


def test_a_line_that_is_too_long() -> None:
    """Is cut where it is still a record, whatever its letters take."""
    fields = told(record(msg="x" * 300_000, args=(), extra={"cakes": 3}))
    assert fields["msg"].endswith(logs.CUT_MARK)
    assert fields["level"] == "WARNING"
    assert "cakes" not in fields
    for text in ("x", "\u00e9", "\x00", "🍰"):
        line = logs.JsonFormatter().format(record(msg=text * 300_000, args=()))
        assert len(line) <= logs.LONGEST_LINE
        assert len(json.loads(line)["msg"]) > 15_000
    long_error = told(record(exc_info=failed(), exc_text="x" * 300_000))
    assert long_error["msg"].startswith("baked bread")
    assert "error" not in long_error


def test_what_json_cannot_hold() -> None:
    """Costs the record its `extra`, no more."""
    circle: list[Any] = []
    circle.append(circle)
    for value in (circle, float("nan"), {"deep": circle}):
        fields = told(record(extra={"cakes": value}))
        assert fields["msg"] == "baked bread"
        assert "cakes" not in fields
    assert told(record(extra={"cakes": {(1, 2): 3, "kept": SimpleNamespace(a=1)}}))["cakes"] == {"kept": "namespace(a=1)"}


class DjangoFormatter(logging.Formatter):
    __module__ = "django.utils.log"


class OwnFormatter(logging.Formatter):
    """Of a project."""


HANDLERS = {
    "stderr": (lambda: logging.StreamHandler(sys.stderr), None, True),
    "stdout": (lambda: logging.StreamHandler(sys.stdout), None, True),
    "what celery has replaced": (lambda: logging.StreamHandler(sys.__stderr__), None, True),
    "lines of logging's": (logging.StreamHandler, logging.Formatter("%(message)s"), True),
    "lines of Django's": (logging.StreamHandler, DjangoFormatter(), True),
    "a format of the project's own": (logging.StreamHandler, OwnFormatter(), False),
    "a file": (lambda: logging.FileHandler("/dev/null"), None, False),
    "another stream": (lambda: logging.StreamHandler(open("/dev/null", "w")), None, False),  # noqa: SIM115 closed with it
    "no stream": (logging.NullHandler, None, False),
}


@pytest.mark.parametrize(("make", "formatter", "is_converted"), HANDLERS.values(), ids=HANDLERS)
def test_which_handlers_write_records(make: Any, formatter: logging.Formatter | None, is_converted: bool) -> None:
    """Those whose lines djinit reads, and whose format is nobody's wish."""
    handler = make()
    handler.setFormatter(formatter)
    logs.convert([handler], with_process=True)
    assert isinstance(handler.formatter, logs.JsonFormatter) == is_converted
    if is_converted:
        assert handler.formatter.with_process
    else:
        assert handler.formatter is formatter


def test_all_loggers_write_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """The root's, those of others, and the last resort."""
    root, other = logging.StreamHandler(), logging.StreamHandler()
    monkeypatch.setattr(logging.root, "handlers", [root])
    monkeypatch.setattr(logging, "lastResort", logging.StreamHandler())
    logger = logging.getLogger("shop.till")
    monkeypatch.setattr(logger, "handlers", [other])
    logs.write_records()
    assert logging.lastResort is not None
    for handler in (root, other, logging.lastResort):
        assert isinstance(handler.formatter, logs.JsonFormatter)
    monkeypatch.setattr(logging, "lastResort", None)
    logs.write_records()
