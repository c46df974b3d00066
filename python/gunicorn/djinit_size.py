"""As many workers as the container has processors and memory for, where the project has not said how many.

The master begins with one. When that has loaded the application, its size is known, and so is how many fit: the others follow,
each time as many as there are. So a start is as quick as with one worker, and no guess about the application is needed. PID 1
tells what the container may use in a file, and writes it anew when that changes. Loaded once by gunicorn's file.
"""

import json
import math
import mmap
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from gunicorn import version_info

RUN = os.environ.get("DJINIT_RUN_DIRECTORY", "/run")
#: PID 1 writes it.
TOLD_FILE = Path(f"{RUN}/djinit/allowance.json")
#: For `djinit status`: workers, threads, the bytes of a worker, and what has decided.
SIZE_FILE = f"{RUN}/gunicorn/size"
#: For `djinit scale`: the master's PID, and how many workers it is to have.
WORKERS_FILE = f"{RUN}/gunicorn/workers"
MIB = 1024 * 1024
PAGE = os.sysconf("SC_PAGE_SIZE")
#: Which of gunicorn's settings say how large it is to be.
WORKERS, THREADS, WORKER_CLASS = "workers", "threads", "worker_class"
#: While one waits for the database, others answer. More would only wait for Python's lock.
THREADS_EACH = 4
#: From here on a gthread worker that ends answers what it has taken.
THREADS_LOSE_NOTHING = (26, 1)
WITHOUT_THREADS = {"gunicorn.workers.gasgi", "uvicorn_worker._workers", "uvicorn.workers"}
#: They answer what comes on a connection that has been kept, also when they have been told to end.
KEEPING = {"gunicorn.workers.gasgi", "gunicorn.workers.gthread"}
#: On a machine that is shared with others, nobody has said that all of it is for this container.
MOST_WITHOUT_QUOTA = 8
MOST = 64
#: One of two serves while the other is renewed. With less than a processor a second one would only take memory.
LEAST_WITH_A_PROCESSOR = 2
#: What a worker holds soon after its start is not all: it grows by what it serves.
GROWTH = 1.5
#: The rest is for what comes and goes.
USABLE = 0.9
#: PID 1 and nginx.
OTHERS_BYTES = 48 * MIB
#: The first byte says that the application is loaded, the second that the worker can keep connections, the third that it has
#: begun to end, the others which request came last.
SEEN_BYTES = 256
LEAVING_AT = 2
REQUEST_AT = 3


def smaps(pid: int | str) -> tuple[int, int]:
    """Return the bytes that a process holds, and those that it holds alone; zeros if it is gone."""
    resident = private = 0
    with suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        for line in file:
            if line.startswith("Rss:"):
                resident = int(line.split()[1]) * 1024
            elif line.startswith("Private_"):
                private += int(line.split()[1]) * 1024
    if not resident:
        # A kernel without that file.
        with suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/statm", encoding="ascii") as file:
            _, resident, shared, *_ = (int(pages) * PAGE for pages in file.read().split())
            private = resident - shared
    return resident, private


def fit(told: dict[str, Any], worker: int, master: int) -> tuple[int, str]:
    """Return how many workers there are to be, and what has decided: `processors`, `most` or `memory`."""
    processors = told["processors"]
    wanted = 1 if processors < 1 else max(LEAST_WITH_A_PROCESSOR, math.ceil(processors))
    most = MOST if told["hasQuota"] else MOST_WITHOUT_QUOTA
    reason = "processors"
    if wanted > most:
        wanted, reason = most, "most"
    # What lies beside has loaded the project too.
    fixed = master + OTHERS_BYTES + told["beside"] * (master + worker)
    room = max(1, int((USABLE * told["memoryBytes"] - fixed) / (GROWTH * max(worker, MIB))))
    return (room, "memory") if room < wanted else (wanted, reason)


class Sizing:
    """Of this master, over all its reloads."""

    def __init__(self) -> None:
        self.threads = 1
        #: The number of workers is djinit's to choose.
        self.chooses = False
        #: What this has set; whoever sets another number (TTIN, TTOU) is left alone.
        self.count = 1
        self.worker_bytes = 0
        self.said: tuple[int, str] | None = None
        self.read_at: int = -1
        self.told: dict[str, Any] | None = None
        self.loaded_at: dict[int, float] = {}

    def choose(self, ours: dict[str, Any], said: set[str]) -> None:
        """Put into `ours`, the names of gunicorn's file, what the project has not said. Called at each load of the file."""
        self.chooses = WORKERS not in said and not os.environ.get("WEB_CONCURRENCY")
        # A reload may bring another application.
        self.worker_bytes = 0
        if self.chooses:
            ours[WORKERS] = self.count
        # Who has said anything of it has tuned it. A worker class has threads of its own, or none.
        self.threads = ours.get(THREADS, 1)
        if self.chooses and not said & {THREADS, WORKER_CLASS} and version_info[:2] >= THREADS_LOSE_NOTHING:
            ours[THREADS] = self.threads = THREADS_EACH

    def read(self) -> dict[str, Any] | None:
        """Return what PID 1 has told last."""
        with suppress(OSError, ValueError):
            at = TOLD_FILE.stat().st_mtime_ns
            if at != self.read_at:
                self.told = json.loads(TOLD_FILE.read_text(encoding="ascii"))
                self.read_at = at
        return self.told

    def look(self, server: Any, now: float) -> None:
        """Take one step towards the right number of workers. Called once a second."""
        # After a reload those of before may be there for long, as large as they have become.
        workers = {pid: worker for pid, worker in server.WORKERS.items() if not is_leaving(worker)}
        self.loaded_at = {pid: self.loaded_at.get(pid, now) for pid, worker in workers.items() if has_loaded(worker)}
        if not self.chooses or server.num_workers != self.count:
            return
        told = self.read()
        if told is None:
            return
        if not self.worker_bytes:
            # It has had a second since.
            settled = [pid for pid, at in self.loaded_at.items() if now > at]
            if not settled:
                return
            self.worker_bytes = max(smaps(pid)[1] for pid in settled)
        wanted, reason = fit(told, self.worker_bytes, smaps("self")[0])
        self.say(server, wanted, reason, told)
        if wanted < self.count:
            # The master ends the oldest, as after TTOU.
            server.num_workers = self.count = wanted
        elif wanted > self.count and len(self.loaded_at) >= self.count:
            # As many again: all at once would take the processors from the first, which serves.
            server.num_workers = self.count = min(wanted, 2 * self.count)

    def say(self, server: Any, wanted: int, reason: str, told: dict[str, Any]) -> None:
        """Once for each choice: a record, and a word for `djinit status`."""
        if self.said == (wanted, reason):
            return
        self.said = (wanted, reason)
        threads = server.cfg.threads if all(map(has_threads, server.WORKERS.values())) else 1
        size = f"{wanted} worker{'' if wanted == 1 else 's'}"
        if threads > 1:
            size += f" with {threads} threads{'' if wanted == 1 else ' each'}"
        processors = f"{told['processors']:g} processor{'' if told['processors'] == 1 else 's'}"
        why = {
            "processors": f"for {processors}",
            "most": f"the most without a quota of processors, of {processors}",
            "memory": f"for there is no memory for more, of {in_mib(told['memoryBytes'])}",
        }[reason]
        text = f"{size}, {why}; a worker holds {in_mib(self.worker_bytes)}"
        fields = {
            "workers": wanted,
            "threads": threads,
            "decided_by": reason,
            "processors": told["processors"],
            "memory_bytes": told["memoryBytes"],
            "worker_bytes": self.worker_bytes,
        }
        with suppress(OSError, ValueError):
            print(json.dumps({"level": "info", "msg": text, **fields}), flush=True)
        write(SIZE_FILE, f"{wanted} {threads} {self.worker_bytes} {reason}")


def write(path: str, text: str) -> None:
    with suppress(OSError):
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
        with open(fd, "w", encoding="ascii") as file:
            file.write(text)


def tell_workers(wanted: int) -> None:
    """Of a number that has changed. In the master."""
    write(WORKERS_FILE, f"{os.getpid()} {wanted}")


def in_mib(size: float) -> str:
    return f"{size / MIB:.0f} MiB"


class Seen:
    """Of the worker that this process is."""

    memory: mmap.mmap | None = None


def prepare(worker: Any) -> None:
    """Give a worker, before the fork, memory in which the master sees what it says."""
    worker.djinit_seen = mmap.mmap(-1, SEEN_BYTES)


def begin(worker: Any) -> None:
    """In the worker."""
    Seen.memory = worker.djinit_seen


def loaded(worker: Any = None) -> None:
    """The application is loaded. In the worker, which may have become one for ASGI: that has no threads."""
    # A class of djinit's, or of the project's, is made from gunicorn's.
    modules = {kind.__module__ for kind in type(worker).__mro__}
    if Seen.memory is not None:
        Seen.memory[1:2] = b"1" if modules & KEEPING else b"0"
        Seen.memory[0:1] = b"0" if modules & WITHOUT_THREADS else b"1"


def requested(method: str, path: str) -> None:
    """Keep which request came last, without its query. In the worker."""
    if Seen.memory is not None:
        room = SEEN_BYTES - REQUEST_AT
        Seen.memory[REQUEST_AT:SEEN_BYTES] = f"{method} {path}".encode("ascii", "replace")[:room].ljust(room, b"\0")


def leaves() -> None:
    """Say that this worker takes nothing new. In the worker."""
    if Seen.memory is not None:
        Seen.memory[LEAVING_AT : LEAVING_AT + 1] = b"1"


def is_leaving(worker: Any) -> bool:
    """Whether a worker ends when it has ended what it has in hand, and may have a successor before. In the master."""
    if getattr(worker, "djinit_alone", False):
        return False
    memory = getattr(worker, "djinit_seen", None)
    return getattr(worker, "djinit_leaving", False) or (memory is not None and memory[LEAVING_AT : LEAVING_AT + 1] == b"1")


def has_loaded(worker: Any) -> bool:
    memory = getattr(worker, "djinit_seen", None)
    return memory is not None and memory[0:1] in (b"0", b"1")


def has_threads(worker: Any) -> bool:
    memory = getattr(worker, "djinit_seen", None)
    return memory is None or memory[0:1] != b"0"


def can_keep(worker: Any) -> bool:
    """Whether a worker that has loaded the application can keep a connection. In the master."""
    memory = getattr(worker, "djinit_seen", None)
    return memory is not None and memory[1:2] == b"1"


def last_request(worker: Any) -> str | None:
    """Which request a worker has begun last, if it has told. In the master."""
    memory = getattr(worker, "djinit_seen", None)
    return None if memory is None else memory[REQUEST_AT:SEEN_BYTES].rstrip(b"\0").decode("ascii", "replace") or None


sizing = Sizing()
