"""djinit_server: what is said of old servers, and which end is no failure."""

from pathlib import Path

import djinit_server
import pytest

LOST = "may lose requests when it is reloaded or stopped: install"


@pytest.mark.parametrize(
    ("server", "version", "text"),
    [
        ("uvicorn", "0.18.3", None),
        ("uvicorn", "0.54.0", None),
        ("uvicorn", "1.0", None),
        ("uvicorn", "0.17.6", f"[WARNING] uvicorn 0.17.6 {LOST} uvicorn 0.18 or later"),
        ("hypercorn", "0.14.4", f"[WARNING] hypercorn 0.14.4 {LOST} hypercorn 0.16 or later"),
        ("daphne", "4.0.0rc1", None),
        ("granian", "2.5.0", None),
    ],
)
def test_old_servers(server: str, version: str, text: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, and it is run."""
    djinit_server.judge(server, version)
    said = capsys.readouterr().err
    assert said.endswith(f"{text}\n") if text else said == ""


def test_too_old(capsys: pytest.CaptureFixture[str]) -> None:
    """It would not understand its words, or has not what is mended."""
    with pytest.raises(SystemExit, match="2"):
        djinit_server.judge("granian", "2.4.2")
    said = "[ERROR] granian 2.4.2 cannot listen at a unix socket: install granian 2.5 or later\n"
    assert capsys.readouterr().err.endswith(said)


@pytest.mark.parametrize(
    ("server", "words", "variables", "expected"),
    [
        ("uvicorn", ["--limit-max-requests", "100"], {}, True),
        ("uvicorn", ["--limit-max-requests=100"], {}, True),
        ("uvicorn", ["--limit-max-requests=100", "--workers", "2"], {}, False),
        ("uvicorn", ["--workers=2", "--limit-max-requests=100"], {}, False),
        ("uvicorn", ["--workers=2", "--limit-max-requests=100", "--workers=1"], {}, True),
        ("uvicorn", ["--limit-max-requests=100"], {"WEB_CONCURRENCY": "3"}, False),
        ("uvicorn", ["--limit-max-requests=100"], {"UVICORN_WORKERS": "3"}, False),
        ("uvicorn", [], {"UVICORN_LIMIT_MAX_REQUESTS": "100"}, True),
        ("uvicorn", ["--version"], {}, False),
        ("hypercorn", ["--max-requests", "100"], {}, False),
    ],
)
def test_ends_that_are_meant(
    server: str, words: list[str], variables: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of a process which has answered as many requests as it may, of uvicorn's alone. A parent of several is told to end."""
    for name in ("UVICORN_LIMIT_MAX_REQUESTS", "UVICORN_WORKERS", "WEB_CONCURRENCY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert djinit_server.ends_by_itself(server, words) is expected


@pytest.mark.parametrize(
    ("server", "words", "variables", "expected"),
    [
        ("uvicorn", [], {}, True),
        ("uvicorn", ["--workers", "1", "--timeout-keep-alive=2"], {}, True),
        ("uvicorn", ["--workers", "2"], {}, False),
        ("uvicorn", [], {"WEB_CONCURRENCY": "2"}, False),
        ("uvicorn", ["--timeout-keep-alive", "1"], {}, False),
        ("uvicorn", [], {"UVICORN_TIMEOUT_KEEP_ALIVE": "0"}, False),
        ("uvicorn", ["--limit-concurrency", "16"], {}, False),
        ("uvicorn", ["--limit-concurrency=16"], {}, False),
        ("uvicorn", [], {"UVICORN_LIMIT_CONCURRENCY": "16"}, False),
        ("hypercorn", [], {}, False),
        ("granian", ["--workers", "1"], {}, False),
        ("daphne", [], {}, False),
    ],
)
def test_kept_connections(
    server: str, words: list[str], variables: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one process of uvicorn's serves, keeps idle ones longer than nginx, and counts none of them as work."""
    for name in ("UVICORN_TIMEOUT_KEEP_ALIVE", "UVICORN_LIMIT_CONCURRENCY", "UVICORN_WORKERS", "WEB_CONCURRENCY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert djinit_server.keeps_connections(server, words) is expected


def test_file_for_nginx(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """That of an earlier process goes."""
    monkeypatch.setattr(djinit_server, "KEEPS_FILE", tmp_path / "keeps")
    for keeps in (False, True, True, False):
        djinit_server.tell_nginx(keeps)
        assert djinit_server.KEEPS_FILE.exists() is keeps
