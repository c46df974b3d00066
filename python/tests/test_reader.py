"""djinit_reader: a fork at gunicorn's gate imports the settings for djinit, and gunicorn's process never does."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from channel import reports

#: Prints what gunicorn's process has of it all behind the gate.
PROGRAM = """
import json, os, runpy, sys, threading
from as_in_image import as_in_image, path_of

with as_in_image():
    runpy.run_path(path_of("djinit_gate.py"))
from django.conf import settings
fds = [int(fd) for fd in os.listdir("/proc/self/fd") if int(fd) > 2]
links = [os.readlink(f"/proc/self/fd/{fd}") for fd in fds if os.path.exists(f"/proc/self/fd/{fd}")]
open_fds = [link for link in links if link.startswith(("pipe", "sock"))]
print(json.dumps({
    "open": open_fds, "configured": settings.configured, "threads": threading.active_count(),
    "loaded": [name for name in ("shop_settings", "celery", "djinit_setup") if name in sys.modules],
    "environment": [os.environ.get(name) for name in ("DJANGO_SETTINGS_MODULE", "OWN", "DJINIT_GATE_READER")],
}))
"""
SETTINGS = """
import os, sys
print("importing", os.environ.get("OWN"), os.environ.get("SHOP"), "celery" in sys.modules, sys.argv[1:], os.listdir("."))
print("oops", file=sys.stderr)
fds = [int(fd) for fd in os.listdir("/proc/self/fd")]
links = [os.readlink(f"/proc/self/fd/{fd}") for fd in fds if fd > 2 and os.path.lexists(f"/proc/self/fd/{fd}")]
print([link[:4] for link in links if link.startswith(("pipe", "socket"))])
INSTALLED_APPS = [os.environ["SHOP"]]
"""


class Gate:
    """gunicorn's process at its gate, with a project whose settings are these."""

    def __init__(self, path: Path, settings: str, loads: tuple[str, ...] = ()) -> None:
        (path / "shop_settings.py").write_text(settings)
        gate, self.gate = os.pipe()
        self.out, out = os.pipe()
        self.err, err = os.pipe()
        self.end, end = os.pipe()
        self.events, events = socket.socketpair()
        theirs = [out, err, events.fileno(), end]
        asked = {"fds": theirs, "unset": ["OWN"], "loads": loads}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            cwd=path,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "shop_settings",
                "DJINIT_GATE_FD": str(gate),
                "DJINIT_GATE_READER": json.dumps(asked),
                "OWN": "of gunicorn's alone",
                "PYTHONPATH": os.pathsep.join([str(path), *sys.path]),
                "SHOP": "cakes",
            },
            stdout=subprocess.PIPE,
            text=True,
            # The gate comes before them, as in djinit.
            pass_fds=[gate, *theirs],
        )
        for fd in (gate, out, err, end):
            os.close(fd)
        events.close()
        self.events.settimeout(60)

    def reports(self) -> list[dict[str, Any]]:
        """All, when the last one has been told."""
        return reports(self.events)

    def read(self, fd: int) -> str:
        """What is written there, to its end."""
        with os.fdopen(fd) as file:
            return file.read()

    def open(self) -> dict[str, Any]:
        """Let it through; what it has behind the gate."""
        os.write(self.gate, b"1{}")
        said, _ = self.process.communicate(timeout=60)
        return dict(json.loads(said))


def test_settings_are_told(tmp_path: Path) -> None:
    """In the environment and with the channels that a Python of djinit's own would have."""
    gate = Gate(tmp_path, SETTINGS, ("django.db.models", "celery.app", "shop_settings", "no_such"))
    reports = gate.reports()
    assert [each["event"] for each in reports] == [
        "program-started",
        "step-started",
        "site",
        "settings",
        "step-finished",
        "finished",
    ]
    assert reports[3]["values"]["INSTALLED_APPS"] == ["cakes"]
    said = gate.read(gate.out)
    assert said.startswith("importing None cakes ")
    assert " ['read-settings'] ['shop_settings.py'" in said
    # The channel alone.
    assert said.splitlines()[1] == "['sock']"
    assert gate.read(gate.err) == "oops\n"
    assert gate.read(gate.end) == "0"
    behind = gate.open()
    assert "shop_settings" not in behind["loaded"]
    assert "djinit_setup" not in behind["loaded"]
    assert behind["environment"] == ["shop_settings", "of gunicorn's alone", None]
    assert (behind["configured"], behind["open"], behind["threads"]) == (False, [], 1)


def test_what_the_settings_load_is_loaded_before(tmp_path: Path) -> None:
    """In gunicorn's process: its workers have it from there, too."""
    (tmp_path / "celery").mkdir()
    (tmp_path / "celery" / "__init__.py").write_text("")
    # Whatever asks for the settings is not to have them here.
    greedy = "from django.conf import settings\nsettings.DEBUG\n"
    (tmp_path / "kombu.py").write_text(greedy)
    gate = Gate(tmp_path, SETTINGS, ("kombu", "celery"))
    assert gate.reports()[-1]["event"] == "finished"
    assert " True " in gate.read(gate.out)
    behind = gate.open()
    assert behind["loaded"] == ["celery"]
    assert behind["configured"] is False


@pytest.mark.parametrize(
    ("settings", "end"),
    [
        ("import os\nos._exit(3)", "3"),
        ("import os\nos.kill(os.getpid(), 9)", "-9"),
        ("1 / 0", "1"),
        ("import sys\nsys.exit(0)", "1"),
    ],
)
def test_its_end_is_told(settings: str, end: str, tmp_path: Path) -> None:
    """As its parent sees it; gunicorn goes on."""
    gate = Gate(tmp_path, settings)
    assert gate.read(gate.end) == end
    failed = [each for each in gate.reports() if each["event"] == "settings-failed"]
    assert bool(failed) == (end == "1")
    assert gate.open()["configured"] is False


SLEEPING = "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n"


def sleeping_pid(gate: Gate) -> int:
    """Of the fork, which is in the middle of it."""
    return int(os.read(gate.out, 100))


def test_who_is_let_through_waits_for_nobody(tmp_path: Path) -> None:
    """Nor is anything left that gunicorn would take for a worker."""
    gate = Gate(tmp_path, SLEEPING)
    pid = sleeping_pid(gate)
    assert gate.open()["open"] == []
    assert not Path(f"/proc/{pid}").exists()
    assert gate.read(gate.end) == "-9"


def test_ends_with_the_boot(tmp_path: Path) -> None:
    """A boot that fails leaves no reader behind."""
    gate = Gate(tmp_path, SLEEPING)
    pid = sleeping_pid(gate)
    os.close(gate.gate)
    said, _ = gate.process.communicate(timeout=60)
    assert (said, gate.process.returncode) == ("", 0)
    assert not Path(f"/proc/{pid}").exists()


def test_left_to_djinit_where_modules_are_patched(tmp_path: Path) -> None:
    """What gunicorn has loaded by then is not what the settings would find."""
    (tmp_path / "gevent.py").write_text("")
    gate = Gate(tmp_path, SETTINGS)
    assert gate.reports() == []
    assert [gate.read(fd) for fd in (gate.out, gate.err, gate.end)] == ["", "", ""]
    assert gate.open()["open"] == []
