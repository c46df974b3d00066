"""djinit_hold: the worker that loads the application tells the settings, and loads no app before djinit lets it through."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from channel import reports

#: gunicorn's process with its workers, which load the application `shop`. Each says what it does.
PROGRAM = """
import os, runpy, sys, time
from as_in_image import as_in_image, path_of

with as_in_image():
    runpy.run_path(path_of("djinit_gate.py"))
hold = sys.modules.get("djinit_hold")
say = lambda *words: print(*words, flush=True)

class Worker:
    def notify(self):
        say("lives")

def work(number):
    hold.begin_worker(Worker())
    try:
        import shop
        hold.loaded()
        from django.apps.registry import Apps
        from django.db.backends.base.base import BaseDatabaseWrapper
        methods = Apps.populate, BaseDatabaseWrapper.connect
        left = [each.__qualname__ for each in methods if "djinit" in each.__code__.co_filename]
        fds = [int(fd) for fd in os.listdir("/proc/self/fd") if int(fd) > 2]
        links = [os.readlink(f"/proc/self/fd/{fd}") for fd in fds if os.path.exists(f"/proc/self/fd/{fd}")]
        seen = [name for name in ("djinit_values", "djinit_site", "djinit_storage") if name in sys.modules]
        say(number, "serves", left, [link for link in links if link.startswith(("pipe", "sock"))], seen)
    except BaseException as error:
        say(number, type(error).__name__)
        os._exit(4)
    os._exit(0)

say("master", hold is not None)
pids = []
for number in range(int(sys.argv[1])):
    pid = os.fork()
    if pid == 0:
        work(number)
    pids.append(pid)
say("ends", [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids])
more = sys.stdin.read()
if more == "slow":
    # A worker that is loading when the reload comes.
    pid = os.fork()
    if pid == 0:
        say("loads")
        while not os.path.exists("reloaded"):
            time.sleep(0.01)
        work("slow")
    hold.found()
    open("reloaded", "w").close()
    say("ended", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
elif more:
    # A reload, and one more worker.
    hold.found()
    say("found", os.environ.get("DJINIT_PORTS"))
    pid = os.fork()
    if pid == 0:
        work("late")
    os.waitpid(pid, 0)
"""
SETTINGS = """
import os
print("importing", flush=True)
SECRET_KEY = "x"
INSTALLED_APPS = ["cakes"]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "db", "HOST": os.environ["SHOP_HOST"]}}
"""
DJANGO = "import django\ndjango.setup()\n"


class Gunicorn:
    """A project with these modules, in gunicorn's process."""

    def __init__(self, path: Path, shop: str, settings: str = SETTINGS, workers: int = 1, ahead: bool = False) -> None:
        (path / "shop_settings.py").write_text(settings)
        (path / "other_settings.py").write_text(settings)
        (path / "shop.py").write_text(shop)
        (path / "cakes.py").write_text("print('an app is loaded', flush=True)\n")
        gate, self.gate = os.pipe()
        self.end, end = os.pipe()
        self.events, events = socket.socketpair()
        unused = os.open("/dev/null", os.O_WRONLY)
        theirs = [unused, os.dup(unused), events.fileno(), end]
        asked = {"fds": theirs, "unset": ["OWN"], "loads": ["django.db.models"], "holds": True}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(workers)],
            cwd=path,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "shop_settings",
                "DJINIT_GATE_FD": str(gate),
                **({} if ahead else {"DJINIT_GATE_READER": json.dumps(asked)}),
                "OWN": "postgres",
                "SHOP_HOST": "postgres",
                # A line is one write.
                "PYTHONUNBUFFERED": "",
                "PYTHONPATH": os.pathsep.join([str(path), *sys.path]),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=[gate] if ahead else [gate, *theirs],
        )
        for fd in (gate, end, *theirs[:2]):
            os.close(fd)
        events.close()
        self.events.settimeout(60)
        if ahead:
            os.write(self.gate, b"a")

    def reports(self) -> list[dict[str, Any]]:
        """All, when the channel is closed."""
        return reports(self.events)

    def line(self) -> str:
        """The next thing that is said."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def open(self, word: bytes = b'1{"DJINIT_PORTS": "[1]"}', more: str = "") -> list[str]:
        """Let it through, or end without a word; what is said from then on."""
        if word:
            os.write(self.gate, word)
        os.close(self.gate)
        said, _ = self.process.communicate(more, timeout=60)
        return [line for line in said.splitlines() if line != "lives"]


def test_tells_and_waits(tmp_path: Path) -> None:
    """The settings are imported once, and no app before djinit says so; gunicorn is told that the worker lives."""
    gunicorn = Gunicorn(tmp_path, DJANGO)
    reports = gunicorn.reports()
    names = ["program-started", "step-started", "site", "settings", "step-finished", "finished"]
    assert [each["event"] for each in reports] == names
    assert reports[3]["values"]["INSTALLED_APPS"] == ["cakes"]
    # Not of gunicorn's own variables.
    assert reports[3]["database"] == {"kind": "postgres", "url": "postgres://@postgres/db", "variables": ["SHOP_HOST"]}
    with os.fdopen(gunicorn.end) as end:
        assert end.read() == "0"
    assert [gunicorn.line() for _ in range(4)] == ["master True", "importing", "lives", "lives"]
    said = gunicorn.open(more="reload")
    serves = "serves [] [] []"
    assert said == ["an app is loaded", f"0 {serves}", "ends [0]", "found [1]", "importing", "an app is loaded", f"late {serves}"]


def test_a_worker_that_loads_while_the_configuration_is_read_again_is_let_through(tmp_path: Path) -> None:
    """The master has taken djinit's word from the gate by then."""
    gunicorn = Gunicorn(tmp_path, DJANGO)
    assert len(gunicorn.reports()) == 6
    said = gunicorn.open(more="slow")
    assert said[-3:] == ["an app is loaded", "slow serves [] [] []", "ended 0"]


def test_one_of_several_tells(tmp_path: Path) -> None:
    """All wait."""
    gunicorn = Gunicorn(tmp_path, DJANGO, workers=3)
    assert len(gunicorn.reports()) == 6
    said = gunicorn.open()
    assert said[-1] == "ends [0, 0, 0]"
    assert said.count("importing") == 3
    assert said.count("an app is loaded") == 3


def test_ends_with_the_boot(tmp_path: Path) -> None:
    """By gunicorn's status for a worker that is not to be started again."""
    gunicorn = Gunicorn(tmp_path, DJANGO, workers=2)
    assert len(gunicorn.reports()) == 6
    said = gunicorn.open(word=b"")
    assert said[-1] == "ends [3, 3]"
    assert "an app is loaded" not in said


DATABASE = "from django.db import connection\nconnection.connect()\nprint('asked', flush=True)\n"
IN_MEMORY = SETTINGS.replace("backends.postgresql", "backends.sqlite3").replace('"db"', '":memory:"')


@pytest.mark.parametrize(
    ("shop", "settings"),
    [
        ("raise ValueError", SETTINGS),
        (DJANGO, "raise SystemExit"),
        (DJANGO, "import os\nos.kill(os.getpid(), 9)"),
        # Settings that djinit's steps would not have.
        (f"import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'other_settings'\n{DJANGO}", SETTINGS),
        # Settings that are not all there yet.
        (DJANGO, f"{SETTINGS}\nimport django\ndjango.setup()\nINSTALLED_APPS = []\n"),
        # Who asks the database for the settings, or before Django begins, is held.
        (DJANGO, f"{IN_MEMORY}{DATABASE}"),
        (f"{DATABASE}{DJANGO}", IN_MEMORY),
    ],
)
def test_leaves_it_to_djinit(shop: str, settings: str, tmp_path: Path) -> None:
    """It tells nothing, and says so by closing the channel."""
    gunicorn = Gunicorn(tmp_path, shop, settings)
    assert gunicorn.reports() == []
    with os.fdopen(gunicorn.end) as end:
        assert end.read() == ""
    said = gunicorn.open()
    assert said[-1] in ("ends [0]", "ends [4]", "ends [-9]")
    asked = [line for line in said if line in ("asked", "an app is loaded")]
    assert asked == ["asked", "an app is loaded"] if "asked" in shop + settings else "asked" not in asked


def test_nothing_is_asked_before_the_word(tmp_path: Path) -> None:
    """Of the database."""
    gunicorn = Gunicorn(tmp_path, f"{DATABASE}{DJANGO}", IN_MEMORY)
    assert gunicorn.reports() == []
    lines = [gunicorn.line() for _ in range(4)]
    assert lines == ["master True", "importing", "lives", "lives"]
    assert "asked" in gunicorn.open()


def test_an_application_without_django(tmp_path: Path) -> None:
    """It imports the settings when it is loaded; what they print is printed once, and their end is no end of it."""
    gunicorn = Gunicorn(tmp_path, "print('loaded', flush=True)\n")
    assert len(gunicorn.reports()) == 6
    assert [gunicorn.line() for _ in range(4)] == ["master True", "loaded", "importing", "lives"]
    assert gunicorn.open()[-1] == "ends [0]"


def test_settings_that_end_the_process_do_not_end_an_application_without_django(tmp_path: Path) -> None:
    """It is djinit that finds out, and reports it."""
    gunicorn = Gunicorn(tmp_path, "", "raise SystemExit")
    assert gunicorn.reports() == []
    assert gunicorn.open()[-1] == "ends [0]"


def test_loads_ahead_while_another_container_migrates(tmp_path: Path) -> None:
    """Apps too. It waits when it is loaded, for the word that opens the gate, and is let go of then."""
    gunicorn = Gunicorn(tmp_path, DJANGO, ahead=True)
    assert [gunicorn.line() for _ in range(5)] == ["master True", "importing", "an app is loaded", "lives", "lives"]
    said = gunicorn.open(more="reload")
    serves = "serves [] [] []"
    assert said == [f"0 {serves}", "ends [0]", "found [1]", "importing", "an app is loaded", f"late {serves}"]


def test_who_is_ahead_asks_the_database_nothing_before_the_word(tmp_path: Path) -> None:
    """Such as an app, when it is made ready."""
    gunicorn = Gunicorn(tmp_path, f"{DJANGO}{DATABASE}", IN_MEMORY, ahead=True)
    assert [gunicorn.line() for _ in range(5)] == ["master True", "importing", "an app is loaded", "lives", "lives"]
    assert gunicorn.open()[0] == "asked"


def test_who_is_ahead_ends_with_the_boot(tmp_path: Path) -> None:
    """Without having served."""
    gunicorn = Gunicorn(tmp_path, DJANGO, ahead=True)
    assert [gunicorn.line() for _ in range(3)] == ["master True", "importing", "an app is loaded"]
    assert gunicorn.open(word=b"")[-1] == "ends [3]"
