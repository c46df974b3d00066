"""Runs many short-lived workers, one after the other, that keep metrics, while another process reads them again and again.

Arguments: how many; where their files are copied to before they are merged. Prints what has been seen as JSON.
"""

import json
import os
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import djinit_shared_metrics as shared
import prometheus_client as prometheus
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

MANY, COPIES = int(sys.argv[1]), sys.argv[2]
DIRECTORY = os.environ["PROMETHEUS_MULTIPROC_DIR"]

cakes = prometheus.Counter("cakes", "Cakes.", ["kind"])
baking = prometheus.Histogram("baking", "How long.", buckets=[1, 10])
size = prometheus.Summary("size", "How large.")
MODES: Any = ("all", "liveall", "sum", "livesum", "max", "min", "mostrecent")
gauges = [prometheus.Gauge(f"oven_{mode}", "Ovens.", multiprocess_mode=mode) for mode in MODES]


def work(number: int) -> None:
    cakes.labels("pläin" if number % 2 else "b").inc(number)
    baking.observe(number % 20)
    size.observe(number)
    for gauge in gauges:
        gauge.set(number)


def copy(path: Path, number: int) -> None:
    """Without the room for more: many files take much of it. Of many workers some have had the same PID."""
    data = path.read_bytes()
    Path(COPIES, f"{path.stem}{number:06}.db").write_bytes(data[: struct.unpack_from("i", data)[0]])


def page(directory: str) -> dict[str, float]:
    registry = prometheus.CollectorRegistry()
    MultiProcessCollector(registry, directory)  # type: ignore[no-untyped-call]
    return {f"{s.name}{sorted(s.labels.items())}": s.value for family in registry.collect() for s in family.samples}


def read_on(told: int, until: int) -> None:
    """Tell how often it has been read, and what has gone back that may not."""
    before: dict[str, float] = {}
    reads, back = 0, []
    os.set_blocking(until, False)
    while True:
        with suppress(BlockingIOError):
            os.read(until, 1)
            break
        try:
            now = page(DIRECTORY)
        except struct.error:
            # prometheus_client's own: a file that a worker has just made is empty.
            continue
        reads += 1
        for name, value in before.items():
            if name.startswith(("cakes_total", "baking", "size")) and now.get(name, -1) < value:
                back.append([name, value, now.get(name)])
        before = now
        time.sleep(0.05)
    os.write(told, json.dumps({"reads": reads, "back": back[:10]}).encode())


def main() -> None:
    shared.let_readers_lock()
    seen, told = os.pipe()
    until, over = os.pipe()
    reader = os.fork()
    if reader == 0:
        os.close(over)
        read_on(told, until)
        os._exit(0)
    os.close(until)
    os.close(told)
    most = 0
    for number in range(MANY):
        pid = os.fork()
        if pid == 0:
            work(number)
            os._exit(0)
        os.waitpid(pid, 0)
        mark_process_dead(pid)  # type: ignore[no-untyped-call]
        for path in Path(DIRECTORY).glob(f"*_{pid}.db"):
            copy(path, number)
        shared.has_ended(pid, DIRECTORY)
        # The master would try again in a second.
        while len(shared.State.dead) >= shared.MOST_DEAD:
            shared.merge_dead()
            time.sleep(0.001)
        most = max(most, len(os.listdir(DIRECTORY)))
    for path in Path(DIRECTORY).glob(f"*_{os.getpid()}.db"):
        copy(path, MANY)
    os.close(over)
    with os.fdopen(seen) as file:
        read = json.load(file)
    print(json.dumps({**read, "most": most, "merged": page(DIRECTORY), "apart": page(COPIES)}))


main()
