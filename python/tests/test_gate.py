"""djinit_gate: gunicorn goes on when the gate is opened, ends when nobody can open it, and uses the time."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from as_in_image import as_in_image, path_of

#: What is loaded when the gate is first waited at, and whether garbage is looked for while it is loaded.
PROGRAM = """
import gc, json, os, runpy, sys
from as_in_image import as_in_image, path_of

read, before = os.read, set(sys.modules)
def read_once(*args):
    print(json.dumps(sorted(set(sys.modules) - before)), flush=True)
    return read(*args)
os.read = read_once
with as_in_image():
    runpy.run_path(path_of("djinit_gate.py"))
print(json.dumps([os.environ.get("DJINIT_PORTS"), "DJINIT_GATE_FD" in os.environ, gc.get_threshold()[0] > 0]))
"""


def run(path: Path, said: bytes, is_open_first: bool = False) -> tuple[int, list[list[object]]]:
    """(status, what it has printed), with `path` first on the path."""
    reader, writer = os.pipe()
    if is_open_first:
        os.write(writer, said)
    paths = os.pathsep.join([str(path), *sys.path])
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "DJINIT_GATE_FD": str(reader), "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        pass_fds=[reader],
    )
    os.close(reader)
    assert process.stdout is not None
    lines = [json.loads(process.stdout.readline())]
    if not is_open_first:
        os.write(writer, said)
    os.close(writer)
    lines += [json.loads(line) for line in process.stdout.read().splitlines()]
    return process.wait(), lines


def test_loads_while_it_waits(tmp_path: Path) -> None:
    """What most projects load next; a module that cannot be loaded is the application's business."""
    (tmp_path / "psycopg.py").write_text("import gc\nassert gc.get_threshold()[0] == 0\nraise OSError('no libpq')\n")
    status, [loaded, after] = run(tmp_path, b'1{"DJINIT_PORTS": "{}"}')
    assert status == 0
    assert {"django.db.models", "django.core.handlers.wsgi", "django.core.management"} <= set(map(str, loaded))
    assert after == ["{}", False, True]


def test_loads_no_more_once_it_is_open(tmp_path: Path) -> None:
    """The application is what counts then."""
    status, [loaded, after] = run(tmp_path, b"1", is_open_first=True)
    assert status == 0
    assert not [name for name in loaded if str(name).startswith("django")]
    assert after == [None, False, True]


@pytest.mark.parametrize("patcher", ["gevent", "eventlet"])
def test_loads_nothing_that_is_to_be_patched(patcher: str, tmp_path: Path) -> None:
    """They would find it loaded with what they replace."""
    (tmp_path / f"{patcher}.py").write_text("raise AssertionError('loaded')\n")
    status, [loaded, _] = run(tmp_path, b"1")
    assert status == 0
    assert not [name for name in loaded if str(name).startswith("django")]


def test_what_opens_the_gate_may_come_right_behind_the_word_that_lets_it_ahead(tmp_path: Path) -> None:
    """Both are read at once then."""
    status, [_, after] = run(tmp_path, b'a1{"DJINIT_PORTS": "{}"}', is_open_first=True)
    assert status == 0
    assert after == ["{}", False, True]


def test_nobody_goes_ahead_where_something_is_to_be_patched(tmp_path: Path) -> None:
    """It waits for the word that opens the gate."""
    (tmp_path / "gevent.py").write_text("raise AssertionError('loaded')\n")
    status, lines = run(tmp_path, b"a")
    assert status == 0
    assert len(lines) == 2


@pytest.mark.parametrize("said", [b"", b"0", b'{"DJINIT_PORTS": "{}"}'])
def test_ends_where_it_is_not_opened(said: bytes, tmp_path: Path) -> None:
    """Without an error, for the boot has told its own."""
    status, lines = run(tmp_path, said)
    assert status == 0
    assert len(lines) == 1


def test_the_pipe_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers must not hold it."""
    import runpy

    reader, writer = os.pipe()
    os.write(writer, b"1{}")
    monkeypatch.setenv("DJINIT_GATE_FD", str(reader))
    with as_in_image():
        runpy.run_path(path_of("djinit_gate.py"))
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(reader)
    os.close(writer)
