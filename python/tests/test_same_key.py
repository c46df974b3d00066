"""djinit_same_key: a SECRET_KEY that each worker makes up is told once."""

import os
import subprocess
import sys
from pathlib import Path

import djinit_same_key
import pytest
from as_in_image import path_of

APPLICATION = """
import secrets
from django.conf import settings

settings.configure(SECRET_KEY={key})

def application(environ, start_response):
    start_response("200 OK", [])
    return []
"""

CONFIGURATION = """
import os, pathlib, runpy, signal

runpy.run_path({module!r})
bind = "127.0.0.1:0"
workers = 3

def post_worker_init(worker):
    pathlib.Path(f"loaded-{{worker.pid}}").touch()
    if len(list(pathlib.Path().glob("loaded-*"))) == 3:
        os.kill(worker.ppid, signal.SIGTERM)
"""


def said_by(path: Path, application: str) -> str:
    """Run gunicorn until its three workers have loaded the application; what they print."""
    (path / "app.py").write_text(application)
    (path / "conf.py").write_text(CONFIGURATION.format(module=path_of("djinit_same_key.py")))
    command = [sys.executable, "-m", "gunicorn", "--config", "conf.py", "--no-control-socket", "app"]
    return subprocess.run(command, cwd=path, stdout=subprocess.PIPE, text=True, timeout=60, check=True).stdout


def test_one_warning_for_all_workers(tmp_path: Path) -> None:
    """And the key is not in it."""
    assert said_by(tmp_path, APPLICATION.format(key="secrets.token_hex()")).count("SECRET_KEY is another one in each worker") == 1


@pytest.mark.parametrize(
    "application",
    [APPLICATION.format(key="'the same'"), APPLICATION.format(key="''"), "def application(environ, start_response): pass"],
    ids=["the same key", "no key", "no Django"],
)
def test_nothing_is_said_where_all_is_well(tmp_path: Path, application: str) -> None:
    """Nor where there is nothing to compare."""
    assert said_by(tmp_path, application) == ""


def test_a_reload_may_bring_another_key() -> None:
    """To all workers."""
    fd = os.memfd_create("test")
    news = [djinit_same_key.is_news(fd, key) for key in ("a", "a", "b", "c", "a")]
    assert news == [False, False, True, False, False]
    os.ftruncate(fd, 0)
    assert [djinit_same_key.is_news(fd, key) for key in ("b", "b", "a")] == [False, False, True]
    os.close(fd)
