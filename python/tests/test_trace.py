"""djinit_trace: a table of settings, and the variables and files that the list of apps follows from."""

import importlib
import sys
from pathlib import Path

import djinit_trace
import pytest

HEAD = "import os\nINSTALLED_APPS = ['shop']\n"
SNIPPETS = {
    "nothing": (HEAD, []),
    "a variable of another setting": (HEAD + "DEBUG = os.environ.get('DEBUG')\n", []),
    "an if around it": (HEAD + "if os.environ.get('TOOLS'):\n    INSTALLED_APPS += ['tools']\n", ["TOOLS"]),
    "through another name": (HEAD + "on = os.environ.get('TOOLS')\nif on:\n    INSTALLED_APPS.append('tools')\n", ["TOOLS"]),
    "through a function": (
        HEAD + "def flag(name):\n    return os.environ.get(name)\nINSTALLED_APPS += [flag('EXTRA') or 'none']\n",
        ["EXTRA"],
    ),
    "a function used for another setting": (
        HEAD + "def flag(name):\n    return os.environ.get(name)\nDEBUG = flag('DEBUG')\n",
        [],
    ),
    "the user model": (HEAD + "AUTH_USER_MODEL = os.environ.get('USER_MODEL', 'auth.User')\n", ["USER_MODEL"]),
    "a router": (HEAD + "DATABASE_ROUTERS = [os.environ.get('ROUTER')]\n", ["ROUTER"]),
    "an item": (HEAD + "MIGRATION_MODULES = {}\nMIGRATION_MODULES['shop'] = os.environ.get('MODULE')\n", ["MODULE"]),
    "a method that changes it": (HEAD + "INSTALLED_APPS.extend([os.environ.get('MORE')])\n", ["MORE"]),
    "globals()": (HEAD + "globals().update(DEBUG=os.environ.get('ANY'))\n", ["ANY"]),
    "the whole environment": (HEAD + "INSTALLED_APPS += [name for name in os.environ if name == 'APP']\n", ["*"]),
    "the whole environment for another setting": (HEAD + "EXTRA = dict(os.environ)\n", []),
}


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    before = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def influences(settings: str, names: set[str] = djinit_trace.NAMES) -> tuple[list[str], list[str], list[str]]:
    """Import it, and ask."""
    trace = djinit_trace.Trace()
    try:
        importlib.import_module(settings)
    finally:
        trace.stop()
    return djinit_trace.influences(trace, settings, names)


@pytest.mark.parametrize(("text", "expected"), SNIPPETS.values(), ids=SNIPPETS)
def test_variables(text: str, expected: list[str], tmp_path: Path) -> None:
    """Which of them decide."""
    (tmp_path / "traced.py").write_text(text)
    sources, variables, others = influences("traced")
    assert variables == expected
    assert sources == [str(tmp_path / "traced.py")]
    assert others == []


def test_a_package_with_a_base_and_a_file(tmp_path: Path) -> None:
    """All source files of the project count, and a file that it reads; other files do not."""
    package = tmp_path / "site_settings"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "base.py").write_text(
        HEAD + "if os.environ.get('BASE'):\n    INSTALLED_APPS += ['base']\nDEBUG = os.environ.get('NOT')\n"
    )
    (package / "live.py").write_text("from .base import *\nNAMES = open('apps.txt').read()\nopen('/etc/hostname').close()\n")
    (tmp_path / "apps.txt").write_text("")
    sources, variables, others = influences("site_settings.live")
    assert [Path(path).name for path in sources] == ["__init__.py", "base.py", "live.py"]
    assert variables == ["BASE"]
    assert others == [str(tmp_path / "apps.txt")]


def test_the_environment_is_as_before() -> None:
    """Only between the making and `stop` is it looked at."""
    import os

    before = type(os.environ)
    trace = djinit_trace.Trace()
    assert type(os.environ) is not before
    trace.stop()
    assert type(os.environ) is before
