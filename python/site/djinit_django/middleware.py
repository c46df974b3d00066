"""The middleware that gives each request its id."""

from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from djinit_django import request_id


@sync_and_async_middleware
def request_id_middleware(get_response: Any) -> Any:
    """Give each request its id: as `request.request_id`, in every log record, and in the response."""
    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> HttpResponseBase:
            begin(request)
            return end(request, await get_response(request))

    else:

        def middleware(request: HttpRequest) -> HttpResponseBase:  # type: ignore[misc]  # not a coroutine
            begin(request)
            return end(request, get_response(request))

    return middleware


def begin(request: HttpRequest) -> None:
    headers = request.headers
    request.request_id = request_id.from_headers(headers.get("X-Request-ID", ""), headers.get("traceparent", ""))
    # Not taken back when this returns: Django logs some failures, and a response is streamed, after that.
    request_id.current.set(request.request_id)


def end(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("X-Request-ID", request.request_id)
    return response
