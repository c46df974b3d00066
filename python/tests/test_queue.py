"""djinit_queue: counts of all processes, that of a dead one too."""

import os
import time
from pathlib import Path

import djinit_queue
import pytest
from djinit_queue import BOUNDS, LAYOUT, File, took


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A process that has counted nothing yet."""
    monkeypatch.setattr(djinit_queue, "DIRECTORY", str(tmp_path))
    monkeypatch.setattr(File, "pid", 0)
    monkeypatch.setattr(File, "fd", -1)
    return tmp_path


def counts(path: Path) -> tuple[float, ...]:
    return LAYOUT.unpack(path.read_bytes())


def ago(seconds: float) -> str:
    return f"{time.time() - seconds:.3f}"


@pytest.mark.parametrize(("seconds", "at"), [(-5, 0), (0, 0), (0.2, 5), (3, 9), (60, len(BOUNDS))])
def test_bounds(directory: Path, seconds: float, at: int) -> None:
    """A clock that was put back means no wait."""
    took(ago(seconds))
    told = counts(directory / "0.queue")
    assert [index for index, count in enumerate(told[:-1]) if count] == [at]
    assert told[-1] == pytest.approx(max(0, seconds), abs=0.05)


def test_each_process_has_a_file(directory: Path) -> None:
    """The next one goes on with that of a dead one."""
    took(ago(0))
    for _ in range(2):
        child = os.fork()
        if child == 0:
            took(ago(60))
            os._exit(0)
        os.waitpid(child, 0)
    assert sorted(os.listdir(directory)) == ["0.queue", "1.queue"]
    assert [sum(counts(directory / name)[:-1]) for name in ("0.queue", "1.queue")] == [1, 2]


@pytest.mark.parametrize("told", ["", "soon", "1 2", "nan"])
def test_no_time(told: str) -> None:
    """A file of the user's may send anything."""
    took(told)


def test_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """The request goes on."""
    monkeypatch.setattr(djinit_queue, "DIRECTORY", "/nonexistent")
    took(ago(0))


def test_a_link_is_not_followed(directory: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nor is what it leads to written."""
    other = tmp_path_factory.mktemp("other") / "file"
    other.write_bytes(b"")
    (directory / "0.queue").symlink_to(other)
    took(ago(0))
    assert other.read_bytes() == b""
