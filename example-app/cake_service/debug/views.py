"""Ways to make a worker slow, fat, loud or dead on purpose. All are 404 without CAKE_DEBUG_ENDPOINTS=1."""

import logging
import os
import time
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache

from cake_service.bounds import OutOfBounds, bounded_number

logger = logging.getLogger(__name__)

MIB = 1024 * 1024
ballast = bytearray()


def debug_endpoint(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    @wraps(view)
    @never_cache
    def guarded(request: HttpRequest) -> HttpResponse:
        if not settings.CAKE_DEBUG_ENDPOINTS:
            raise Http404
        try:
            return view(request)
        except OutOfBounds as error:
            return JsonResponse({"error": str(error)}, status=400)

    return guarded


@debug_endpoint
def sleep(request: HttpRequest) -> JsonResponse:
    seconds = bounded_number(request, "seconds", default=1.0, least=0.0, most=60.0, kind=float)
    time.sleep(seconds)
    return JsonResponse({"slept_seconds": seconds, "pid": os.getpid()})


@debug_endpoint
def allocate(request: HttpRequest) -> JsonResponse:
    """Hold N MiB of touched memory in this worker process until it ends or the next call; 0 lets go."""
    global ballast
    mb = bounded_number(request, "mb", default=1, least=0, most=4096)
    ballast = bytearray()  # first let go, so that two calls do not add up
    ballast = bytearray(b"\x01") * (mb * MIB)
    return JsonResponse({"allocated_mb": len(ballast) // MIB, "pid": os.getpid()})


@debug_endpoint
def crash(request: HttpRequest) -> HttpResponse:
    """End the worker process at once, without cleaning up and without an answer."""
    os._exit(1)


@debug_endpoint
def log(request: HttpRequest) -> JsonResponse:
    """Log `lines` messages of exactly `bytes` bytes each, numbered from 00000001."""
    lines = bounded_number(request, "lines", default=1, least=0, most=1_000_000)
    size = bounded_number(request, "bytes", default=80, least=8, most=MIB)
    filling = " ".ljust(size - 8, "x") if size > 8 else ""
    for number in range(1, lines + 1):
        logger.info("%08d%s", number, filling)
    return JsonResponse({"lines": lines, "bytes": size, "pid": os.getpid()})


@debug_endpoint
def headers(request: HttpRequest) -> JsonResponse:
    """What Django saw of the request."""
    return JsonResponse(
        {
            "method": request.method,
            "path": request.get_full_path(),
            "scheme": request.scheme,
            "host": request.get_host(),
            "remote_address": request.META.get("REMOTE_ADDR", ""),
            "headers": dict(request.headers),
        }
    )


@debug_endpoint
def traceback(request: HttpRequest) -> HttpResponse:
    """Fail, for the log to show a traceback with a cause."""
    try:
        {}["flour"]
    except KeyError as error:
        raise RuntimeError("the cake fell on the floor") from error
