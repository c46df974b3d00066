"""djinit_gunicorn_words: which file and whether an application is named."""

import sys

import djinit_gunicorn_words
import pytest

IMAGE = "/etc/gunicorn/config.py"
WORDS = {
    "an application": (["app:application", "--config", IMAGE], "", (None, True)),
    "none": (["--config", IMAGE], "", (None, False)),
    "a file of the project's": (["-c", "own.py", "app:application", "--config", IMAGE], "", ("own.py", True)),
    "a shortened option": (["app:application", "--conf", "own.py", "--config", IMAGE], "", ("own.py", True)),
    "a file in GUNICORN_CMD_ARGS": (["app:application", "--config", IMAGE], "--config=env.py", ("env.py", True)),
    "the command line before the variable": (["-c", "own.py", "a:b", "--config", IMAGE], "-c env.py", ("own.py", True)),
    "letters together": (["app:application", "--config", IMAGE], "-Rcown.py", ("own.py", True)),
}


@pytest.mark.parametrize(("argv", "variable", "expected"), WORDS.values(), ids=WORDS)
def test_words(argv: list[str], variable: str, expected: tuple[str | None, bool], monkeypatch: pytest.MonkeyPatch) -> None:
    """As gunicorn itself would have it."""
    monkeypatch.setattr(sys, "argv", ["gunicorn", *argv])
    monkeypatch.setenv("GUNICORN_CMD_ARGS", variable)
    assert djinit_gunicorn_words.read_words(IMAGE)[:2] == expected


@pytest.mark.parametrize(
    ("argv", "variable", "expected"),
    [
        (["app"], "", set()),
        (["app", "--workers", "2"], "", {"workers"}),
        (["app", "--workers=2"], "--threads 4", {"workers", "threads"}),
        (["app", "-w2"], "-k gevent", {"workers", "worker_class"}),
        (["-Rw2", "app"], "", {"workers"}),
        (["app"], "--worker-cl sync", {"worker_class"}),
        (["app", "--timeout", "5", "--worker-tmp-dir", "here"], "", set()),
    ],
)
def test_what_they_say_of_its_size(argv: list[str], variable: str, expected: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of the two says it."""
    monkeypatch.setattr(sys, "argv", ["gunicorn", *argv, "--config", IMAGE])
    monkeypatch.setenv("GUNICORN_CMD_ARGS", variable)
    assert djinit_gunicorn_words.read_words(IMAGE)[2] == expected
