"""Merges what dead workers have left in prometheus_client's directory, so that it does not grow with each of them.

prometheus_client reads the files of the dead for ever: a counter must not go back. Their values are as right in one file, which
it reads like that of one more process. Run by gunicorn's file; the master merges, where it looks once a second for workers
that hang. prometheus_client is not loaded for it: its files are simple, and a master has no use for it.

Whoever reads the directory holds a lock meanwhile, shared by all who read: PID 1, and the workers' MultiProcessCollector. So
nobody counts what has been merged twice, or not at all.
"""

import fcntl
import os
import re
import struct
import sys
from collections.abc import Container, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

from gunicorn.arbiter import Arbiter

LOCK_FILE = "merge.lock"
#: Dead workers whose files lie there, before they are merged: it takes a few milliseconds.
MOST_DEAD = 8
#: prometheus_client shows gauges of mode `all` of each process, dead or alive. So many of dead ones, the newest, are kept.
MOST_GAUGES = 32
#: Kind, and mode of a gauge; the PID. Those of live processes only, gunicorn's file removes.
NAME = re.compile(r"(counter|histogram|summary|gauge_(?:min|max|sum|mostrecent))_(\d+)\.db")
HEADER = 8
ALIGNMENT = 8

#: Key (as it stands in the file) -> value, and time where the layout has it.
Values = dict[bytes, tuple[float, ...]]


class State:
    """PIDs of workers that have ended: those that are not merged yet, and those that have left a gauge of mode `all`."""

    dead: list[int] = []
    with_gauge: list[int] = []
    directory = ""


@contextmanager
def locked(directory: str, how: int) -> Iterator[None]:
    """Hold the directory's lock. Errors: OSError."""
    fd = os.open(os.path.join(directory, LOCK_FILE), os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        fcntl.flock(fd, how)
        yield
    finally:
        os.close(fd)


def padding(length: int) -> int:
    """Return how many bytes follow a key: at least one."""
    return ALIGNMENT - (length + 4) % ALIGNMENT


def read_values(data: bytes) -> tuple[int, Values]:
    """Return how many numbers each value has (2: before 0.17 it was 1), and the values. Errors: ValueError."""
    for numbers in (2, 1):
        with suppress(ValueError, struct.error):
            return numbers, read_as(data, numbers)
    raise ValueError("it is not laid out as prometheus_client does it")


def read_as(data: bytes, numbers: int) -> Values:
    values: Values = {}
    (used,) = struct.unpack_from("i", data)
    at = HEADER
    while at < used:
        (length,) = struct.unpack_from("i", data, at)
        at += 4
        key = data[at : at + length]
        if length <= 0 or not key.startswith(b"[") or not key.rstrip().endswith(b"]"):
            raise ValueError(f"no key at {at}")
        at += length + padding(length)
        values[key] = struct.unpack_from(f"{numbers}d", data, at)
        at += numbers * 8
    if used < 0 or at != max(used, HEADER):
        raise ValueError("the last value is cut")
    return values


def write_values(numbers: int, values: Values) -> bytes:
    parts = [b""]
    for key, value in values.items():
        parts.append(struct.pack("i", len(key)) + key + b" " * padding(len(key)) + struct.pack(f"{numbers}d", *value))
    body = b"".join(parts)
    return struct.pack("ii", HEADER + len(body), 0) + body


def add(kind: str, into: Values, more: Values) -> None:
    """Add one process's values, as prometheus_client would when it reads both."""
    for key, value in more.items():
        before = into.get(key)
        if before is None:
            into[key] = value
        elif kind == "gauge_min":
            into[key] = min(before, value)
        elif kind == "gauge_max":
            into[key] = max(before, value)
        elif kind == "gauge_mostrecent":
            into[key] = max(before, value, key=lambda it: it[-1])
        else:
            into[key] = (before[0] + value[0], *value[1:])


def merge(directory: str, dead: Iterable[int], own: int) -> None:
    """Merge the files of dead processes into those named by 0 and `own`, which is no process's name. Errors: OSError."""
    found: dict[str, list[Path]] = {}
    gone = set(dead)
    for path in sorted(Path(directory).iterdir()):
        match = NAME.fullmatch(path.name)
        if match is not None and int(match[2]) in gone and not match[2].startswith("0"):
            found.setdefault(match[1], []).append(path)
    for kind, paths in found.items():
        with suppress(ValueError, struct.error):
            merge_kind(kind, paths, Path(directory, f"{kind}_0{own}.db"))


def merge_kind(kind: str, paths: list[Path], target: Path) -> None:
    """Errors: ValueError where a file has another layout; OSError. Then all stays as it was."""
    values: Values = {}
    layouts = set()
    for path in [target, *paths] if target.exists() else paths:
        numbers, more = read_values(path.read_bytes())
        if more:
            layouts.add(numbers)
            add(kind, values, more)
    if len(layouts) > 1:
        raise ValueError("some have times, some have not")
    # Not a name that ends in .db: nobody reads it before it is complete.
    new = target.with_suffix(".new")
    new.write_bytes(write_values(max(layouts, default=2), values))
    new.replace(target)
    for path in paths:
        path.unlink()


def forget_gauges(directory: str, dead: Iterable[int]) -> None:
    """Those of mode `all` have no sum. The number of series must end somewhere. Errors: OSError."""
    paths = {pid: Path(directory, f"gauge_all_{pid}.db") for pid in [*State.with_gauge, *dead]}
    State.with_gauge = [pid for pid, path in paths.items() if path.exists()]
    for pid in State.with_gauge[:-MOST_GAUGES]:
        paths[pid].unlink()
    State.with_gauge = State.with_gauge[-MOST_GAUGES:]


def merge_dead(alive: Container[int] = ()) -> None:
    """Called once a second. While somebody reads, they wait for the next time. A live worker may have the PID of a dead one."""
    if len(State.dead) < MOST_DEAD:
        return
    with suppress(OSError), locked(State.directory, fcntl.LOCK_EX | fcntl.LOCK_NB):
        # Others may end meanwhile.
        dead = State.dead[:]
        gone = [pid for pid in dead if pid not in alive]
        State.with_gauge = [pid for pid in State.with_gauge if pid not in alive]
        merge(State.directory, gone, os.getpid())
        forget_gauges(State.directory, gone)
        del State.dead[: len(dead)]


def has_ended(pid: int, directory: str) -> None:
    """Remember a worker. Called in a handler of signals, so nothing else is done."""
    State.directory = directory
    State.dead.append(pid)


def let_readers_lock() -> None:
    """Make prometheus_client's own reader hold the lock. Called when the application is loaded, if that uses it."""
    if "prometheus_client" not in sys.modules:
        return
    collector: Any = None
    with suppress(Exception):
        collector = import_module("prometheus_client.multiprocess").MultiProcessCollector
    collect = getattr(collector, "collect", None)
    if collect is None or hasattr(collect, "__wrapped__"):
        return

    @wraps(collect)
    def collects(self: Any) -> Any:
        with ExitStack() as stack:
            with suppress(OSError, AttributeError):
                stack.enter_context(locked(self._path, fcntl.LOCK_SH))
            return list(collect(self))

    collector.collect = collects


def let_master_merge() -> None:
    murder_workers = Arbiter.murder_workers

    @wraps(murder_workers)
    def looks(self: Any) -> Any:
        with suppress(Exception):
            merge_dead(self.WORKERS)
        return murder_workers(self)

    Arbiter.murder_workers = looks


# Loaded once.
let_master_merge()
