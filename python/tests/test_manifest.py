"""djinit_manifest: what DATABASE_URL means to settings that are imported where there is none, as in the build of an image."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import djinit_likely
import djinit_manifest
import pytest

PROGRAM = "import json, os, sys; sys.path[:0] = sys.argv[1:]; import djinit_manifest; probes = djinit_manifest.Probes({is_build})"
TELL = "; print(json.dumps([probes.takes_url, probes.stands_in, os.environ.get('DATABASE_URL')]))"
HEAD = """import os
from urllib.parse import urlsplit
SECRET_KEY = "x"
INSTALLED_APPS = ["shop"]
def database(text):
    url = urlsplit(text)
    engine = "django.db.backends.postgresql" if url.scheme == "postgres" else "django.db.backends.sqlite3"
    parts = {"HOST": url.hostname, "PORT": url.port, "USER": url.username, "NAME": url.path[1:]}
    return {"default": {"ENGINE": engine, **parts}}
"""
OPTIONAL = HEAD + "URL = os.environ.get('DATABASE_URL', 'sqlite:///x')\nDATABASES = database(URL)\n"
BY_SCHEME = OPTIONAL + "if URL.startswith('postgres'):\n    INSTALLED_APPS.append('extra')\n"
MANDATORY = HEAD + "DATABASES = database(os.environ['DATABASE_URL'])\n"
BY_PARTS = HEAD + "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'HOST': os.environ.get('DB_HOST')}}\n"


#: In the image they are one.
FOLDERS = [str(Path(module.__file__ or "").parent) for module in (djinit_manifest, djinit_likely)]


def probe(project: Path, settings: str, is_build: bool = True, **more: str) -> Any:
    """[takes_url, stands_in, DATABASE_URL afterwards], in a process of its own."""
    (project / "live.py").write_text(settings)
    environment = {"DJANGO_SETTINGS_MODULE": "live", **more}
    if "PYTHONPATH" in os.environ:
        environment["PYTHONPATH"] = os.environ["PYTHONPATH"]
    words = [sys.executable, "-c", PROGRAM.format(is_build=is_build) + TELL, *FOLDERS, str(project)]
    told = subprocess.run(words, env=environment, capture_output=True, check=True, text=True)
    return json.loads(told.stdout)


@pytest.mark.parametrize(
    ("settings", "takes_url", "stands_in"),
    [(OPTIONAL, True, False), (BY_SCHEME, True, True), (MANDATORY, True, True), (BY_PARTS, False, False)],
    ids=["the same apps", "an app by the scheme", "no settings without it", "another way"],
)
def test_a_build_without_it(settings: str, takes_url: bool, stands_in: bool, tmp_path: Path) -> None:
    """One stands in for it where the settings would be others, or none."""
    expected = djinit_manifest.PROBE_URL if stands_in else None
    assert probe(tmp_path, settings) == [takes_url, stands_in, expected]


def test_a_start_and_a_build_that_has_one(tmp_path: Path) -> None:
    """What is given is what counts."""
    assert probe(tmp_path, BY_SCHEME, is_build=False) == [True, False, None]
    assert probe(tmp_path, BY_SCHEME, DATABASE_URL="sqlite:///y") == [True, False, "sqlite:///y"]
    assert probe(tmp_path, "raise ValueError\n") == [False, False, None]


FILE = "import json, sys; sys.path[:0] = sys.argv[1:]; import djinit_manifest, djinit_trace; trace = djinit_trace.Trace(); "
FILE += "from django.conf import settings; settings.INSTALLED_APPS; trace.stop(); "
FILE += "print(json.dumps(djinit_manifest.deciding_on_file(trace, settings)))"


@pytest.mark.parametrize(
    ("settings", "variables", "expected"),
    [
        (OPTIONAL, {}, ["DATABASE_URL"]),
        (OPTIONAL, {"DATABASE_URL": "sqlite:///x"}, None),
        (OPTIONAL, {"DATABASE_URL": "postgres://u@h/d"}, None),
        (BY_PARTS, {}, None),
        (HEAD + "DATABASES = database('sqlite:///x')\n", {}, []),
        (HEAD + "DATABASES = database(dict(os.environ).get('DATABASE_URL', 'sqlite:///x'))\n", {}, None),
        (HEAD + "DATABASES = database(open('place').read())\n", {}, None),
    ],
    ids=["by default", "said by the variable", "Postgres", "Postgres by parts", "always", "whole environment", "file"],
)
def test_which_variables_a_file_database_hangs_on(
    settings: str, variables: dict[str, str], expected: list[str] | None, tmp_path: Path
) -> None:
    """None where it may be something else at another start without any of them."""
    (tmp_path / "live.py").write_text(settings)
    (tmp_path / "place").write_text("sqlite:///x")
    environment = {"DJANGO_SETTINGS_MODULE": "live", **variables}
    if "PYTHONPATH" in os.environ:
        environment["PYTHONPATH"] = os.environ["PYTHONPATH"]
    words = [sys.executable, "-c", FILE, *FOLDERS, str(tmp_path)]
    told = subprocess.run(words, env=environment, cwd=tmp_path, capture_output=True, check=True, text=True)
    assert json.loads(told.stdout) == expected
