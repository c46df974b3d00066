"""The id of the request that is being answered, or that has led to the task which is being run."""

import re
import uuid
from contextvars import ContextVar

# As in djinit's nginx, in conf.d/request_id.conf.
WELL_FORMED = re.compile(r"[A-Za-z0-9._:=+/@-]{1,128}")
TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")

current: ContextVar[str] = ContextVar("djinit_request_id", default="")


def from_headers(given: str, traceparent: str) -> str:
    """A well-formed id of the client's or the proxy's, else the trace that it is part of, else a new one."""
    if WELL_FORMED.fullmatch(given):
        return given
    if trace := TRACEPARENT.fullmatch(traceparent):
        return trace["trace"]
    return uuid.uuid4().hex


def forget(**_: object) -> None:
    """The request is over: what this thread does next is not part of it."""
    current.set("")
