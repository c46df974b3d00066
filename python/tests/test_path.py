"""djinit_path: which directory is put on the path of which interpreter."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SITE = Path(__file__).parents[1] / "site"
SAY = "import sys; print(sys.path[-1]); import djinit_probe_module"


def run(*options: str, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Start an interpreter that has djinit_path as the image's has it."""
    script = f"import sys; sys.path.append({str(SITE)!r}); import djinit_path; {SAY}"
    given = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **environment}
    # Not by -c, which would put the working directory on the path.
    file = cwd.parent / "program.py"
    file.write_text(script)
    return subprocess.run([sys.executable, *options, str(file)], cwd=cwd, env=given, capture_output=True, text=True, check=False)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """Return a directory with a module in it."""
    directory = tmp_path / "app"
    directory.mkdir()
    (directory / "djinit_probe_module.py").write_text("")
    return directory


def test_working_directory(app: Path) -> None:
    """Last on the path."""
    ended = run(cwd=app)
    assert (ended.stdout, ended.returncode) == (f"{app}\n", 0)


def test_variable_wins(app: Path, tmp_path: Path) -> None:
    """Whatever the working directory is."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert run(cwd=elsewhere, DJINIT_APP_DIRECTORY=f"{app}/").stdout == f"{app}\n"


def test_variable_of_nothing(app: Path) -> None:
    """One that is not there changes nothing, and the interpreter starts."""
    ended = run(cwd=app, DJINIT_APP_DIRECTORY="/nowhere")
    assert (ended.stdout, ended.returncode) == (f"{SITE}\n", 1)


@pytest.mark.parametrize("option", ["-I", "-P"])
def test_isolated(app: Path, option: str) -> None:
    """Who asks for a safe path gets one."""
    if option == "-P" and sys.version_info < (3, 11):
        pytest.skip("there is no -P yet")
    assert run(option, cwd=app).stdout == f"{SITE}\n"


def test_ignored_environment(app: Path) -> None:
    """With -E the variable says nothing."""
    assert run("-E", cwd=app, DJINIT_APP_DIRECTORY="/nowhere").stdout == f"{app}\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="is about root")
def test_root_beside_a_service(app: Path) -> None:
    """Once djinit runs, root gets no directory that a service may write to, and hears why a module is missing."""
    lock = app / "lock"
    site = app.parent / "site"
    site.mkdir()
    (site / "djinit_path.py").write_text((SITE / "djinit_path.py").read_text().replace("/run/djinit.lock", str(lock)))
    script = app.parent / "program.py"
    script.write_text(f"import sys; sys.path.append({str(site)!r}); import djinit_path; {SAY}")

    def start() -> "subprocess.CompletedProcess[str]":
        return subprocess.run([sys.executable, str(script)], cwd=app, capture_output=True, text=True, check=False)

    os.chown(app, 104, 107)
    assert start().returncode == 0
    lock.touch()
    refused = start()
    assert refused.stdout == f"{site}\n"
    assert f"djinit: root does not import djinit_probe_module from {app}" in refused.stderr
    os.chown(app, 0, 0)
    assert start().returncode == 0
    os.chown(app, 0, 107)
    app.chmod(0o775)
    assert start().returncode == 1
    # Somebody who has no process here.
    os.chown(app, 1000, 1000)
    assert start().returncode == 0
    app.chmod(0o777)
    assert start().returncode == 1
