"""djinit_keeping: when nginx may keep its connections."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from as_in_image import load

size: Any = load("djinit_size")
keeping: Any = load("djinit_keeping")
SERVES = (27, 0, 1)


def worker(module: str | None) -> Any:
    """One that runs as a class of that module; None: it has not loaded the application yet."""
    seen = SimpleNamespace()
    size.prepare(seen)
    size.begin(seen)
    if module is not None:
        size.loaded(type("Worker", (type("Base", (), {"__module__": module}),), {"__module__": "djinit_interface"})())
    return seen


def server(*modules: str | None, num_workers: int = 1, keepalive: int = 2, reexec_pid: int = 0, master_pid: int = 0) -> Any:
    workers = {pid: worker(module) for pid, module in enumerate(modules, 1)}
    cfg = SimpleNamespace(keepalive=keepalive)
    return SimpleNamespace(WORKERS=workers, num_workers=num_workers, cfg=cfg, reexec_pid=reexec_pid, master_pid=master_pid)


GTHREAD, ASGI = "gunicorn.workers.gthread", "gunicorn.workers.gasgi"


@pytest.mark.parametrize(
    ("of", "version", "expected"),
    [
        (server(GTHREAD), SERVES, True),
        (server(ASGI), SERVES, True),
        (server(ASGI, keepalive=75), (26, 1, 0), True),
        (server("gunicorn.workers.sync"), SERVES, False),
        (server("gunicorn.workers.ggevent"), SERVES, False),
        (server("uvicorn_worker._workers"), SERVES, False),
        (server(None), SERVES, False),
        (server(), SERVES, False),
        # A reload, or one more is on its way.
        (server(ASGI, ASGI), SERVES, False),
        (server(ASGI, num_workers=2), SERVES, False),
        # A second master.
        (server(ASGI, reexec_pid=7), SERVES, False),
        (server(ASGI, master_pid=7), SERVES, False),
        (server(ASGI, keepalive=1), SERVES, False),
        (server(ASGI, keepalive=0), SERVES, False),
        (server(GTHREAD), (23, 0, 0), False),
    ],
)
def test_may_keep(of: Any, version: tuple[int, ...], expected: bool) -> None:
    """One worker, of a class that answers what comes on such a connection, and that closes idle ones after nginx."""
    assert keeping.may_keep(of, version) is expected


def test_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there as long as nginx may."""
    file = tmp_path / "keeps"
    monkeypatch.setattr(keeping, "KEEPS_FILE", str(file))
    for of, expected in [(server(ASGI), True), (server(ASGI), True), (server(ASGI, ASGI), False), (server(), False)]:
        keeping.look(of)
        assert file.exists() is expected
    os.symlink(tmp_path / "elsewhere", file)
    with pytest.raises(OSError, match="symbolic"):
        keeping.look(server(ASGI))
    assert not (tmp_path / "elsewhere").exists()
