"""djinit_size: how many workers there are to be, and how the number is reached."""

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from as_in_image import load

size: Any = load("djinit_size")
MIB = 1024 * 1024


def told(processors: float = 2, memory: int = 64 * 1024, **more: Any) -> dict[str, Any]:
    return {"processors": processors, "hasQuota": True, "memoryBytes": memory * MIB, "beside": 0, "relief": 0, **more}


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        (told(0.1), (1, "processors")),
        (told(0.5), (1, "processors")),
        (told(1), (2, "processors")),
        (told(2), (2, "processors")),
        (told(2.5), (3, "processors")),
        (told(16), (16, "processors")),
        (told(100), (64, "most")),
        # A pod that only requests, on a large node.
        (told(64, hasQuota=False), (8, "most")),
        (told(8, hasQuota=False), (8, "processors")),
        # 0.9 × 512 MiB, less 30 and 48, for workers of 1.5 × 60 MiB.
        (told(8, 512), (4, "memory")),
        (told(8, 512, beside=2), (2, "memory")),
        (told(8, 256), (1, "memory")),
        (told(8, 64), (1, "memory")),
    ],
)
def test_how_many_fit(allowed: dict[str, Any], expected: tuple[int, str]) -> None:
    """Workers of 60 MiB, and a master of 30."""
    assert size.fit(allowed, 60 * MIB, 30 * MIB) == expected


@pytest.fixture
def sizing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(size, "TOLD_FILE", tmp_path / "told.json")
    monkeypatch.setattr(size, "SIZE_FILE", str(tmp_path / "size"))
    monkeypatch.setattr(size, "smaps", lambda pid: (30 * MIB, 0) if pid == "self" else (90 * MIB, 60 * MIB))
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    return size.Sizing()


class Server:
    """A master that begins with as many workers as its file says."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.num_workers = names["workers"]
        self.cfg = SimpleNamespace(threads=names.get("threads", 1))
        self.WORKERS: dict[int, Any] = {}

    def manage(self, *, load: bool = True) -> None:
        for pid in range(len(self.WORKERS), self.num_workers):
            self.WORKERS[pid] = SimpleNamespace()
            size.prepare(self.WORKERS[pid])
        while len(self.WORKERS) > self.num_workers:
            del self.WORKERS[min(self.WORKERS)]
        for worker in self.WORKERS.values() if load else ():
            size.begin(worker)
            size.loaded()


def begun(sizing: Any, said: set[str] | None = None) -> tuple[dict[str, Any], Server]:
    names: dict[str, Any] = {}
    sizing.choose(names, said or set())
    server = Server({"workers": 1, **names})
    server.manage(load=False)
    return names, server


def test_an_application_that_speaks_asgi_has_no_threads(sizing: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Its worker has become another one, which the master does not know."""
    size.TOLD_FILE.write_text(json.dumps(told(3)))
    _, server = begun(sizing)
    kind = type("ASGIWorker", (), {"__module__": "gunicorn.workers.gasgi"})
    for worker in server.WORKERS.values():
        size.begin(worker)
        size.loaded(kind())
    for now in range(3):
        sizing.look(server, float(now))
    (record,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert record["msg"].startswith("3 workers, for 3 processors")
    assert record["threads"] == 1


def test_as_many_again_each_time(sizing: Any) -> None:
    """Each when those before have loaded the application."""
    size.TOLD_FILE.write_text(json.dumps(told(7)))
    _, server = begun(sizing)
    counts = []
    for now in range(8):
        server.manage()
        sizing.look(server, float(now))
        counts.append(server.num_workers)
    assert sorted(set(counts)) == [1, 2, 4, 7]


def test_one_then_the_others(sizing: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Not before the first has loaded the application."""
    size.TOLD_FILE.write_text(json.dumps(told(3)))
    names, server = begun(sizing)
    assert names["workers"] == 1
    counts = []
    for now in range(8):
        sizing.look(server, float(now))
        counts.append(server.num_workers)
        server.manage(load=now not in (0, 4))
    # Loaded at 1, measured at 3, the next ones at 3 and, when that has loaded, at 6.
    assert counts == [1, 1, 1, 2, 3, 3, 3, 3] or counts[-1] == 3
    assert counts[:3] == [1, 1, 1]
    (record,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    threads = names.get("threads", 1)
    assert record["msg"].startswith("3 workers") and record["msg"].endswith("for 3 processors; a worker holds 60 MiB")
    assert (record["workers"], record["threads"], record["worker_bytes"]) == (3, threads, 60 * MIB)
    assert Path(size.SIZE_FILE).read_text() == f"3 {threads} {60 * MIB} processors"
    # A reload begins with as many as there are.
    sizing.choose(names, set())
    assert names["workers"] == 3


def test_what_a_reload_leaves_behind_is_not_measured(sizing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has grown, and has a request in hand for long."""
    monkeypatch.setattr(size, "smaps", lambda pid: (30 * MIB, 0) if pid == "self" else (0, (400 if pid == 0 else 60) * MIB))
    size.TOLD_FILE.write_text(json.dumps(told(2, 1024)))
    _, server = begun(sizing)
    server.manage()
    server.WORKERS[0].djinit_leaving = True
    sizing.choose({}, set())
    server.WORKERS[1] = SimpleNamespace()
    size.prepare(server.WORKERS[1])
    sizing.look(server, 1.0)
    sizing.look(server, 2.0)
    assert sizing.worker_bytes == 0
    size.begin(server.WORKERS[1])
    size.loaded()
    for now in range(3, 6):
        sizing.look(server, float(now))
    assert (sizing.worker_bytes, server.num_workers) == (60 * MIB, 2)


def test_one_that_does_not_load_stays_alone(sizing: Any) -> None:
    """Others would not load it either."""
    size.TOLD_FILE.write_text(json.dumps(told(4)))
    _, server = begun(sizing)
    for now in range(10):
        sizing.look(server, float(now))
        server.manage(load=False)
    assert server.num_workers == 1


def test_a_container_that_is_resized(sizing: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Both ways, with a record each."""
    size.TOLD_FILE.write_text(json.dumps(told(2)))
    _, server = begun(sizing)
    for now in range(6):
        sizing.look(server, float(now))
        server.manage()
    assert server.num_workers == 2
    for at, (processors, expected) in enumerate([(4, 4), (1, 2)]):
        size.TOLD_FILE.write_text(json.dumps(told(processors)))
        os.utime(size.TOLD_FILE, (at, at))
        for now in range(10, 16):
            sizing.look(server, float(now))
            server.manage()
        assert server.num_workers == expected
    assert [json.loads(line)["workers"] for line in capsys.readouterr().out.splitlines()] == [2, 4, 2]


def test_whoever_scales_is_left_alone(sizing: Any) -> None:
    """TTIN and TTOU, as `djinit scale` sends them."""
    size.TOLD_FILE.write_text(json.dumps(told(2)))
    _, server = begun(sizing)
    for now in range(6):
        sizing.look(server, float(now))
        server.manage()
    server.num_workers = 5
    sizing.look(server, 10.0)
    assert server.num_workers == 5


@pytest.mark.parametrize(
    ("said", "workers", "threads"),
    [
        (set(), True, True),
        ({"workers"}, False, False),
        ({"threads"}, True, False),
        ({"worker_class"}, True, False),
    ],
)
def test_what_the_project_says_holds(
    sizing: Any, monkeypatch: pytest.MonkeyPatch, said: set[str], *, workers: bool, threads: bool
) -> None:
    """It is not put into gunicorn's file then."""
    monkeypatch.setattr(size, "version_info", (27, 0, 1))
    names, _ = begun(sizing, said)
    assert ("workers" in names, "threads" in names) == (workers, threads)
    monkeypatch.setenv("WEB_CONCURRENCY", "2")
    assert begun(sizing, said)[0] == {}


def test_threads_that_would_lose_requests(sizing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older gunicorn keeps one thread."""
    monkeypatch.setattr(size, "version_info", (26, 0, 0))
    assert begun(sizing)[0] == {"workers": 1}


def test_without_a_word_of_pid_1(sizing: Any) -> None:
    """Another program than djinit has started gunicorn."""
    _, server = begun(sizing)
    for now in range(6):
        sizing.look(server, float(now))
        server.manage()
    assert server.num_workers == 1


def test_how_many_workers_there_are_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the master's PID: an earlier one may have left the file."""
    monkeypatch.setattr(size, "WORKERS_FILE", str(tmp_path / "workers"))
    for wanted in (12, 3):
        size.tell_workers(wanted)
    assert (tmp_path / "workers").read_text() == f"{os.getpid()} 3"
    size.write(str(tmp_path / "no" / "directory"), "")


def test_the_last_request() -> None:
    """As the worker has told it; what does not fit is cut off."""
    worker = SimpleNamespace()
    assert (size.has_loaded(worker), size.last_request(worker)) == (False, None)
    size.prepare(worker)
    assert (size.has_loaded(worker), size.last_request(worker)) == (False, None)
    size.begin(worker)
    size.loaded()
    size.requested("GET", "/long/" + "x" * 500)
    size.requested("POST", "/cakes/é")
    assert (size.has_loaded(worker), size.last_request(worker)) == (True, "POST /cakes/?")


def test_the_memory_of_a_process() -> None:
    """Of this one; of one that is gone it is nothing."""
    resident, private = size.smaps("self")
    assert MIB < private <= resident
    assert size.smaps(2**22 + 1) == (0, 0)
