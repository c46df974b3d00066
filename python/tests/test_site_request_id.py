"""djinit_django.request_id and .middleware: which id a request has, and who sees it. With Django's own requests."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import request_finished
from django.http import HttpRequest, HttpResponse
from djinit_django import request_id
from djinit_django.middleware import request_id_middleware

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
IDS = {
    "the client's": ("abc-1._:=+/@", "", "abc-1._:=+/@"),
    "the longest": ("a" * 128, "", "a" * 128),
    "too long": ("a" * 129, "", None),
    "with a blank": ("a b", "", None),
    "with the end of a line": ("abc\n", "", None),
    "before the trace": ("abc", f"00-{TRACE}-00f067aa0ba902b7-01", "abc"),
    "the trace": ("", f"00-{TRACE}-00f067aa0ba902b7-01", TRACE),
    "the trace of a later version": ("", f"01-{TRACE}-00f067aa0ba902b7-01-more", TRACE),
    "a trace of no version": ("", f"ff-{TRACE}-00f067aa0ba902b7-01", None),
    "no trace": ("", f"00-{'0' * 32}-00f067aa0ba902b7-01", None),
    "a trace without a parent": ("", f"00-{TRACE}-{'0' * 16}-01", None),
    "neither": ("", "", None),
}


@pytest.mark.parametrize(("given", "traceparent", "expected"), IDS.values(), ids=IDS)
def test_ids(given: str, traceparent: str, expected: str | None) -> None:
    """A new one where there is none that is well-formed."""
    found = request_id.from_headers(given, traceparent)
    if expected is None:
        assert re.fullmatch("[0-9a-f]{32}", found)
        assert found != TRACE
        assert found != request_id.from_headers(given, traceparent)
    else:
        assert found == expected


@pytest.fixture(autouse=True)
def _forgotten(default_settings: None) -> Iterator[None]:
    yield
    request_id.current.set("")


def request(**headers: str) -> Any:
    made = HttpRequest()
    made.META = {f"HTTP_{name}": value for name, value in headers.items()}
    return made


def test_a_request_has_its_id() -> None:
    """In itself, in the log while it is answered and after, in the response."""
    seen: list[str] = []

    def answer(asked: Any) -> HttpResponse:
        seen.extend([asked.request_id, request_id.current.get()])
        return HttpResponse()

    response = request_id_middleware(answer)(request(X_REQUEST_ID="abc"))
    assert seen == ["abc", "abc"]
    assert response.headers["X-Request-ID"] == "abc"
    assert request_id.current.get() == "abc"
    request_id.forget(sender=request_finished)
    assert request_id.current.get() == ""


def test_the_trace_is_read() -> None:
    """From its header."""
    response = request_id_middleware(lambda _: HttpResponse())(request(TRACEPARENT=f"00-{TRACE}-00f067aa0ba902b7-01"))
    assert response.headers["X-Request-ID"] == TRACE


def test_a_response_may_have_another() -> None:
    """The view's."""
    response = request_id_middleware(lambda _: HttpResponse(headers={"X-Request-ID": "own"}))(request(X_REQUEST_ID="abc"))
    assert response.headers["X-Request-ID"] == "own"


def test_a_coroutine_stays_one() -> None:
    """Under ASGI."""
    seen: list[str] = []

    async def answer(asked: Any) -> HttpResponse:
        seen.append(request_id.current.get())
        return HttpResponse()

    response = asyncio.run(request_id_middleware(answer)(request(X_REQUEST_ID="abc")))
    assert seen == ["abc"]
    assert response.headers["X-Request-ID"] == "abc"
