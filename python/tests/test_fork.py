"""djinit_fork: a worker that is told to stop before it has its own signal handlers stops; one that is ending is not killed."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from as_in_image import path_of

APPLICATION = """
def application(environ, start_response):
    start_response("200 OK", [])
    return []
"""

CONFIGURATION = """
import os, runpy, signal, subprocess, time

{load}
bind = "127.0.0.1:0"
workers = 1
graceful_timeout = 4
worker_class = "{worker_class}"

def post_fork(server, worker):
    helper = subprocess.run(["cat", "/proc/self/status"], capture_output=True, text=True).stdout
    open("mask", "w").write(next(line.split()[1] for line in helper.splitlines() if line.startswith("SigBlk")))
    open("forked", "w").close()
    # Until the master has been told to stop, and has told this worker.
    while not os.path.exists("told"):
        time.sleep(0.02)
    time.sleep(0.3)
"""


def run(path: Path, worker_class: str, load: str) -> tuple[int, str]:
    """Tell the master to stop while its worker is in `post_fork`; its status and its log."""
    (path / "app.py").write_text(APPLICATION)
    (path / "conf.py").write_text(CONFIGURATION.format(load=load, worker_class=worker_class))
    command = [sys.executable, "-m", "gunicorn", "--config", "conf.py", "--no-control-socket", "app"]
    with subprocess.Popen(command, cwd=path, stderr=subprocess.PIPE, text=True) as master:
        deadline = time.monotonic() + 20
        while not (path / "forked").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        master.send_signal(signal.SIGTERM)
        assert master.stderr is not None
        log = ""
        for line in master.stderr:
            log += line
            if "Handling signal: term" in line:
                (path / "told").touch()
        return master.wait(30), log


@pytest.mark.parametrize("worker_class", ["sync", "gthread", "gunicorn.workers.gasgi.ASGIWorker"])
def test_a_stop_in_post_fork_is_not_lost(tmp_path: Path, worker_class: str) -> None:
    """Gunicorn by itself waits for its `graceful_timeout` and kills; what the hook starts has no signal blocked."""
    status, log = run(tmp_path, worker_class, f"runpy.run_path({path_of('djinit_fork.py')!r})")
    assert (status, "Worker exiting" in log) == (0, True), log
    assert int((tmp_path / "mask").read_text(), 16) & (1 << (signal.SIGTERM - 1)) == 0


def test_what_gunicorn_does_without_it(tmp_path: Path) -> None:
    """If this fails, gunicorn has mended it itself."""
    _, log = run(tmp_path, "sync", "")
    assert "Worker exiting" not in log


LATE = """
import os, signal

class Late:
    def __del__(self, kill=os.kill, process=os.getpid, term=signal.SIGTERM):
        # Python has given up its handlers. The master may say it again now.
        kill(process(), term)

late = Late()

def application(environ, start_response):
    start_response("200 OK", [])
    return []
"""

LATE_CONFIGURATION = """
import os, runpy, signal

{load}
bind = "127.0.0.1:0"
workers = 1

def post_worker_init(worker):
    # The first one ends as at a reload, the second one takes the master along.
    os.kill(os.getpid() if not os.path.exists("first") else worker.ppid, signal.SIGTERM)
    open("first", "w").close()
"""


def end_late(path: Path, load: str) -> str:
    """Tell a worker to end, and again when Python takes its modules apart; what gunicorn says."""
    (path / "app.py").write_text(LATE)
    (path / "conf.py").write_text(LATE_CONFIGURATION.format(load=load))
    command = [sys.executable, "-m", "gunicorn", "--config", "conf.py", "--no-control-socket", "app"]
    return subprocess.run(command, cwd=path, stderr=subprocess.PIPE, text=True, timeout=120, check=True).stderr


def test_a_second_stop_does_not_kill_a_worker_that_is_ending(tmp_path: Path) -> None:
    """It ends with its own status."""
    log = end_late(tmp_path, f"runpy.run_path({path_of('djinit_fork.py')!r})")
    assert (log.count("Worker exiting"), "was sent" in log) == (2, False), log


def test_what_gunicorn_does_with_a_second_stop_without_it(tmp_path: Path) -> None:
    """If this fails, Python or gunicorn has mended it itself."""
    assert "was sent SIGTERM" in end_late(tmp_path, "")


FORKING = """
import os, signal

def application(environ, start_response):
    pid = os.fork()
    if pid == 0:
        with open("handler", "w") as file:
            file.write(signal.getsignal(signal.SIGTERM).__qualname__)
        os._exit(0)
    os.waitpid(pid, 0)
    start_response("200 OK", [])
    return []
"""

FORKING_CONFIGURATION = """
import os, runpy, signal

{load}
bind = "127.0.0.1:0"
workers = 1

def post_worker_init(worker):
    list(worker.wsgi({{}}, lambda status, headers: None))
    os.kill(worker.ppid, signal.SIGTERM)
"""


def test_what_a_worker_forks_has_the_workers_handlers(tmp_path: Path) -> None:
    """As with gunicorn itself: one that keeps signals would end by none."""
    (tmp_path / "app.py").write_text(FORKING)
    load = f"runpy.run_path({path_of('djinit_fork.py')!r})"
    (tmp_path / "conf.py").write_text(FORKING_CONFIGURATION.format(load=load))
    command = [sys.executable, "-m", "gunicorn", "--config", "conf.py", "--no-control-socket", "app"]
    subprocess.run(command, cwd=tmp_path, stderr=subprocess.PIPE, timeout=120, check=True)
    assert (tmp_path / "handler").read_text() == "Worker.handle_exit"
