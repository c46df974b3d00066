"""djinit_shared_metrics: what dead workers have counted stays, and their files do not."""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import djinit_shared_metrics as shared
import pytest
from gunicorn.arbiter import Arbiter

HERE = Path(__file__).parent
WORKERS = 200
KINDS = 8


def run(tmp_path: Path, workers: int) -> Any:
    (tmp_path / "live").mkdir()
    (tmp_path / "copies").mkdir()
    done = subprocess.run(
        [sys.executable, str(HERE / "short_lived_workers.py"), str(workers), str(tmp_path / "copies")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "live")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_many_workers_leave_few_files_and_every_count(tmp_path: Path) -> None:
    """Read meanwhile by prometheus_client itself: nothing that may not goes back."""
    workers = int(os.environ.get("DJINIT_TEST_SHORT_LIVED_WORKERS", WORKERS))
    seen = run(tmp_path, workers)
    assert seen["back"] == []
    assert seen["reads"] > 3
    # The dead that wait, gauges of mode `all`, one merged file of each kind, those of the process itself, the lock.
    assert seen["most"] <= shared.MOST_DEAD * KINDS + shared.MOST_GAUGES + 3 * KINDS + 1
    # Of each process by itself: kept of the last ones.
    apart = {name for name in seen["apart"] if name.startswith(("oven_all", "oven_liveall"))}
    kept = {name for name in seen["merged"] if name.startswith(("oven_all", "oven_liveall"))}
    # Two are of the process itself.
    assert len(apart) == workers + 2
    assert shared.MOST_GAUGES <= len(kept) - 2 <= shared.MOST_GAUGES + shared.MOST_DEAD
    assert {k: v for k, v in seen["merged"].items() if k not in kept} == {
        k: v for k, v in seen["apart"].items() if k not in apart
    }


def file(value: tuple[float, ...], key: bytes = b'["cakes", "cakes_total", {}, ""]') -> bytes:
    """As prometheus_client lays it out, with room for more."""
    return shared.write_values(len(value), {key: value}) + bytes(64)


def test_the_layout_of_old_versions(tmp_path: Path) -> None:
    """Values had no time then, and the merged file has none either."""
    for pid, value in ((7, 2.0), (8, 3.5)):
        (tmp_path / f"counter_{pid}.db").write_bytes(file((value,)))
    shared.merge(str(tmp_path), [7, 8], 1)
    assert os.listdir(tmp_path) == ["counter_01.db"]
    assert shared.read_values((tmp_path / "counter_01.db").read_bytes()) == (1, {b'["cakes", "cakes_total", {}, ""]': (5.5,)})


@pytest.mark.parametrize(
    ("kind", "value"),
    [("gauge_max", 5.0), ("gauge_min", 3.0), ("gauge_sum", 8.0), ("gauge_mostrecent", 3.0), ("summary", 8.0)],
)
def test_kinds(tmp_path: Path, kind: str, value: float) -> None:
    (tmp_path / f"{kind}_7.db").write_bytes(file((5.0, 100.0)))
    (tmp_path / f"{kind}_8.db").write_bytes(file((3.0, 200.0)))
    shared.merge(str(tmp_path), [7, 8], 1)
    _, values = shared.read_values((tmp_path / f"{kind}_01.db").read_bytes())
    assert [it[0] for it in values.values()] == [value]


@pytest.mark.parametrize("other", [b"", b"\0\0", b"\xff" * 64, file((1.0,)), file((1.0, 0.0))[:40]])
def test_what_cannot_be_read_stays(tmp_path: Path, other: bytes) -> None:
    """So does the rest of its kind: a reader tells of it."""
    (tmp_path / "counter_7.db").write_bytes(file((2.0, 0.0)))
    (tmp_path / "counter_8.db").write_bytes(other)
    (tmp_path / "summary_7.db").write_bytes(file((2.0, 0.0)))
    shared.merge(str(tmp_path), [7, 8], 1)
    assert sorted(os.listdir(tmp_path)) == ["counter_7.db", "counter_8.db", "summary_01.db"]


def test_live_ones_and_other_files_stay(tmp_path: Path) -> None:
    """Also one that is merged already."""
    for name in ("counter_7.db", "counter_07.db", "counter_9.db", "counter_7.txt", "gauge_liveall_7.db"):
        (tmp_path / name).write_bytes(file((2.0, 0.0)))
    shared.merge(str(tmp_path), [7], 1)
    left = ["counter_01.db", "counter_07.db", "counter_7.txt", "counter_9.db", "gauge_liveall_7.db"]
    assert sorted(os.listdir(tmp_path)) == left


def test_not_while_somebody_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next time the master looks."""
    monkeypatch.setattr(shared.State, "dead", [])
    for pid in range(shared.MOST_DEAD):
        (tmp_path / f"counter_{pid + 10}.db").write_bytes(file((2.0, 0.0)))
        shared.has_ended(pid + 10, str(tmp_path))
    master: Any = SimpleNamespace(timeout=0, WORKERS={})
    with shared.locked(str(tmp_path), fcntl.LOCK_SH):
        Arbiter.murder_workers(master)
    assert len(shared.State.dead) == shared.MOST_DEAD
    Arbiter.murder_workers(master)
    assert shared.State.dead == []
    assert sorted(os.listdir(tmp_path)) == [f"counter_0{os.getpid()}.db", "merge.lock"]


def test_a_pid_that_another_worker_has_by_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on with the file of the dead one, which is not merged."""
    monkeypatch.setattr(shared.State, "dead", [])
    for pid in range(10, 10 + shared.MOST_DEAD):
        (tmp_path / f"counter_{pid}.db").write_bytes(file((2.0, 0.0)))
        shared.has_ended(pid, str(tmp_path))
    master: Any = SimpleNamespace(timeout=0, WORKERS={12: None})
    Arbiter.murder_workers(master)
    assert shared.State.dead == []
    assert sorted(os.listdir(tmp_path)) == [f"counter_0{os.getpid()}.db", "counter_12.db", "merge.lock"]
