"""djinit_renewal: which worker is renewed, and when."""

import json
import os
import signal
from types import SimpleNamespace
from typing import Any

import pytest
from as_in_image import load
from gunicorn.arbiter import Arbiter

os.environ["DJINIT_WORKER_MAX_MEMORY"] = str(300 * 1024**2)
renewal_module: Any = load("djinit_renewal")
del os.environ["DJINIT_WORKER_MAX_MEMORY"]
MIB = 1024 * 1024


class Server:
    """A master: what it was asked to do, and its workers' sizes in MiB."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **sizes: int) -> None:
        self.WORKERS = {int(pid[1:]): SimpleNamespace(age=int(pid[1:])) for pid in sizes}
        self.sizes = {int(pid[1:]): size for pid, size in sizes.items()}
        self.ended: list[tuple[int, int]] = []
        self.spawned = 0
        monkeypatch.setattr(renewal_module, "resident", lambda pid: self.sizes[pid] * MIB)

    def kill_worker(self, pid: int, sig: int) -> None:
        self.ended.append((pid, sig))

    def spawn_worker(self) -> None:
        self.spawned += 1
        self.WORKERS[100 + self.spawned] = SimpleNamespace(age=100 + self.spawned)
        self.sizes[100 + self.spawned] = 50

    def gone(self, pid: int) -> None:
        del self.WORKERS[pid]


def records(capsys: pytest.CaptureFixture[str]) -> list[Any]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_largest_first_and_one_at_a_time(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The next one when the first has gone and its successor has had time to load."""
    server = Server(monkeypatch, p1=100, p2=100, p3=100)
    renewal = renewal_module.Renewal()
    for now in (0.0, 5.0):
        renewal.look(server, now)
    server.sizes.update({1: 301, 2: 400})
    renewal.look(server, 10.0)
    assert (server.ended, server.spawned, server.WORKERS[2].age) == ([(2, signal.SIGTERM)], 1, 0)
    text = "worker 2 is renewed: it holds 400 MiB, and DJINIT_WORKER_MAX_MEMORY is 300 MiB"
    fields = {"worker": 2, "size_bytes": 400 * MIB, "limit_bytes": 300 * MIB, "age_seconds": 10.0}
    assert records(capsys) == [{"level": "info", "msg": text, **fields}]
    renewal.look(server, 20.0)
    server.gone(2)
    assert len(server.ended) == 1
    renewal.look(server, 21.0)
    assert server.ended[1:] == [(1, signal.SIGTERM)]
    server.gone(1)
    renewal.look(server, 30.0)
    assert len(server.ended) == 2


def test_one_that_does_not_end_keeps_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a minute the next one is renewed beside it."""
    server = Server(monkeypatch, p1=100, p2=100)
    renewal = renewal_module.Renewal()
    for now in (0.0, 5.0):
        renewal.look(server, now)
    server.sizes.update({1: 500, 2: 400})
    for now in (10.0, 69.0):
        renewal.look(server, now)
    assert [pid for pid, _ in server.ended] == [1]
    renewal.look(server, 70.0)
    assert [pid for pid, _ in server.ended] == [1, 2]


def test_a_limit_below_what_is_needed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One warning, and no worker that serves for five seconds."""
    server = Server(monkeypatch, p1=350, p2=350)
    renewal = renewal_module.Renewal()
    for now in range(60):
        renewal.look(server, float(now))
    assert server.ended == []
    (warning,) = records(capsys)
    assert (warning["level"], warning["worker"]) == ("warn", 1)
    assert "allow more" in warning["msg"]
    renewal.look(server, 60.0)
    assert [pid for pid, _ in server.ended] == [1]


def test_the_size_of_a_process() -> None:
    """Of this one; of one that is gone it is nothing."""
    assert MIB < renewal_module.resident(os.getpid()) < 4096 * MIB
    assert renewal_module.resident(2**22 + 1) == 0


def test_the_master_looks_and_goes_on_whatever_happens() -> None:
    """A server without workers raises in here."""
    murder: Any = Arbiter.murder_workers
    assert murder(SimpleNamespace(timeout=0)) is None
    assert murder.__wrapped__.__name__ == "murder_workers"


class Full(Server):
    """Workers that have loaded the application."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, told: dict[str, Any], **sizes: int) -> None:
        super().__init__(monkeypatch, **sizes)
        monkeypatch.setattr(renewal_module, "LIMIT", 0)
        monkeypatch.setattr(renewal_module, "has_loaded", lambda worker: True)
        monkeypatch.setattr(renewal_module, "last_request", lambda worker: "GET /leak/")
        monkeypatch.setattr(renewal_module.sizing, "read", lambda: told)


def test_a_full_container(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The largest goes, once for each word, and nobody comes before it is gone."""
    told = {"relief": 0, "usageBytes": 480 * MIB, "memoryBytes": 512 * MIB}
    server = Full(monkeypatch, told, p1=60, p2=60, p3=60)
    renewal = renewal_module.Renewal()
    renewal.look(server, 0.0)
    server.sizes.update({1: 90, 2: 250})
    renewal.look(server, 1.0)
    assert server.ended == []
    told["relief"] = 1
    for now in (2.0, 3.0):
        renewal.look(server, now)
    assert (server.ended, server.spawned) == ([(2, signal.SIGTERM)], 0)
    (record,) = records(capsys)
    assert record["msg"] == (
        "worker 2 is renewed: it is the largest, with 250 MiB, and the container's memory is full, 480 MiB of 512 MiB"
        " (DJINIT_MEMORY_GUARD); its last request was GET /leak/"
    )
    assert (record["level"], record["worker"], record["size_bytes"]) == ("warn", 2, 250 * MIB)
    # It has not ended yet: the next one.
    told["relief"] = 2
    renewal.look(server, 4.0)
    assert [pid for pid, _ in server.ended] == [2, 1]


def test_one_that_leaves_anyhow_is_not_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be there for long after a reload, as large as it has become, and a second TERM gains nothing."""
    told = {"relief": 0, "usageBytes": 480 * MIB, "memoryBytes": 512 * MIB}
    server = Full(monkeypatch, told, p1=60, p2=60, p3=60)
    renewal = renewal_module.Renewal()
    renewal.look(server, 0.0)
    server.sizes.update({1: 250, 2: 200})
    server.WORKERS[1].djinit_leaving = True
    told["relief"] = 1
    renewal.look(server, 1.0)
    assert server.ended == [(2, signal.SIGTERM)]


def test_workers_that_have_not_grown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Others would be as large."""
    told = {"relief": 0, "usageBytes": 480 * MIB, "memoryBytes": 512 * MIB}
    server = Full(monkeypatch, told, p1=200, p2=215)
    renewal = renewal_module.Renewal()
    renewal.look(server, 0.0)
    told["relief"] = 1
    renewal.look(server, 1.0)
    assert (server.ended, records(capsys)) == ([], [])


def test_an_old_word_is_no_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A master that has just started finds what its predecessor was told."""
    server = Full(monkeypatch, {"relief": 7, "usageBytes": 1, "memoryBytes": 1}, p1=60, p2=300)
    renewal_module.Renewal().look(server, 0.0)
    assert server.ended == []
