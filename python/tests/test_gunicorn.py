"""djinit_gunicorn: the project's own configuration is taken, and what djinit depends on stays."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from as_in_image import load
from gunicorn import sock
from gunicorn.config import Config

settling: Any = load("djinit_gunicorn")
SOCKET = "unix:/run/gunicorn/gunicorn.sock"


@pytest.fixture(autouse=True)
def _as_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["gunicorn", "shop.wsgi", "--config", settling.IMAGE_FILE])
    monkeypatch.delenv("GUNICORN_CMD_ARGS", raising=False)
    monkeypatch.setattr(settling.State, "notes", {})
    monkeypatch.setattr(settling.State, "held", None)
    monkeypatch.setattr(settling.State, "ports", {"nginx": [8000], "admin": 9180})
    yield
    if settling.State.held is not None:
        os.close(settling.State.held)


def refusal(capsys: pytest.CaptureFixture[str], raised: Any) -> str:
    """What gunicorn has ended with."""
    assert raised.value.code == 4
    return capsys.readouterr().err


def test_the_projects_own_file_wins(tmp_path: Path) -> None:
    """What is no setting of gunicorn's is not taken."""
    (tmp_path / "gunicorn.conf.py").write_text("workers = 7\nthreads = 2\ncakes = 3\n")
    ours = {"workers": 2, "bind": SOCKET}
    assert settling.settle(ours) == {"workers", "threads"}
    assert ours == {"workers": 7, "threads": 2, "bind": SOCKET}


def test_a_hook_of_both(tmp_path: Path) -> None:
    """Ours first; what is no hook in one of the two is the project's."""
    (tmp_path / "gunicorn.conf.py").write_text("told = []\ndef when_ready(server):\n    server.append('theirs')\non_exit = len\n")
    ours: Any = {"when_ready": lambda server: server.append("ours"), "on_exit": None}
    settling.settle(ours)
    server: list[str] = []
    ours["when_ready"](server)
    assert server == ["ours", "theirs"]
    assert ours["on_exit"] is len


def test_a_hook_by_its_name(tmp_path: Path) -> None:
    """As gunicorn takes it."""
    (tmp_path / "hooks.py").write_text("def ready(server):\n    server.append('theirs')\n")
    (tmp_path / "gunicorn.conf.py").write_text("when_ready = 'hooks.ready'\n")
    sys.path.insert(0, str(tmp_path))
    try:
        ours: Any = {"when_ready": lambda server: server.append("ours")}
        settling.settle(ours)
    finally:
        sys.path.remove(str(tmp_path))
    server: list[str] = []
    ours["when_ready"](server)
    assert server == ["ours", "theirs"]


def test_a_hook_that_takes_other_arguments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is named. gunicorn would not be tried again."""
    (tmp_path / "gunicorn.conf.py").write_text("def when_ready(server, more):\n    pass\n")
    with pytest.raises(SystemExit) as raised:
        settling.settle({"when_ready": lambda server: None})
    assert "Error: cannot set when_ready: " in refusal(capsys, raised)


def test_ports_are_the_boots(monkeypatch: pytest.MonkeyPatch) -> None:
    """And none of the application's business."""
    monkeypatch.setenv("DJINIT_PORTS", '{"nginx": [80], "admin": 1}')
    settling.settle({})
    assert settling.State.ports == {"nginx": [80], "admin": 1}
    assert "DJINIT_PORTS" not in os.environ
    settling.settle({})
    assert settling.State.ports == {"nginx": [80], "admin": 1}


def test_notes_are_of_the_last_reload() -> None:
    """What a file no longer asks for is not told again."""
    settling.State.notes["bind"] = "bind 0.0.0.0:80"
    settling.settle({})
    assert settling.State.notes == {}


def test_an_application_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """As an argument, or in the file."""
    monkeypatch.setattr(sys, "argv", ["gunicorn", "--config", settling.IMAGE_FILE])
    with pytest.raises(SystemExit) as raised:
        settling.settle({})
    assert "no application is named" in refusal(capsys, raised)
    (tmp_path / "gunicorn.conf.py").write_text("wsgi_app = 'shop.wsgi'\n")
    ours: dict[str, Any] = {}
    settling.settle(ours)
    assert ours == {"wsgi_app": "shop.wsgi"}


def test_files_are_named_as_for_gunicorn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a path, by file:, by python:; the image's own says nothing new."""
    (tmp_path / "settings_of_gunicorn.py").write_text("workers = 3\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for location in ("settings_of_gunicorn.py", "file:settings_of_gunicorn.py", "python:settings_of_gunicorn"):
        assert settling.names_in(location)["workers"] == 3
    monkeypatch.setattr(settling, "IMAGE_FILE", str(tmp_path / "settings_of_gunicorn.py"))
    os.symlink("settings_of_gunicorn.py", "link.py")
    assert settling.names_in("link.py") == {}


def test_a_file_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends: gunicorn would try again and again."""
    (tmp_path / "broken.py").write_text("workers = \n")
    for location, words in {
        "none.py": "'none.py' doesn't exist",
        "python:none": "No module named",
        "broken.py": "SyntaxError",
    }.items():
        with pytest.raises(SystemExit) as raised:
            settling.names_in(location)
        assert words in refusal(capsys, raised)


def test_our_hooks_never_raise() -> None:
    """Some run in a signal handler of gunicorn's."""
    called: list[object] = []

    def hook(*args: object) -> None:
        called.extend(args)
        raise OSError("no")

    settling.never_raises(hook)(1, 2)
    assert called == [1, 2]


BINDS = {
    "nothing else": ("", [SOCKET], None),
    "the usual one": (SOCKET, [SOCKET], None),
    "a port": ("0.0.0.0:9000", [SOCKET, "0.0.0.0:9000"], None),
    "several": ("0.0.0.0:9000, 127.0.0.1:9001", [SOCKET, "0.0.0.0:9000", "127.0.0.1:9001"], None),
    "one that is empty": ("0.0.0.0:9000, ", [SOCKET, "0.0.0.0:9000"], None),
    "a list": (["[::]:9000"], [SOCKET, "[::]:9000"], None),
    "nginx's port": ("0.0.0.0:8000", [SOCKET], f"bind 0.0.0.0:8000 (nginx listens at this port, and gunicorn at {SOCKET})"),
    "a socket beside it": ("unix:own.sock", [SOCKET, "unix:own.sock"], None),
    "a socket that cannot be made": (
        "unix:/nowhere/own.sock",
        [SOCKET],
        f"bind unix:/nowhere/own.sock (user django may not make it, and gunicorn listens at {SOCKET})",
    ),
}


@pytest.mark.parametrize(("value", "binds", "note"), BINDS.values(), ids=BINDS)
def test_binds(value: str | list[str], binds: list[str], note: str | None) -> None:
    """The usual socket always, others where they may be."""
    settling.State.notes["bind"] = "of an earlier file"
    conf = Config()
    conf.set("bind", value)
    assert conf.bind == binds
    assert settling.State.notes.get("bind") == note


@pytest.mark.parametrize(
    ("value", "words"), [("0.0.0.0:9180", "have this port (DJINIT_ADMIN_PORT)"), ("0.0.0.0:port", "cannot bind '0.0.0.0:port'")]
)
def test_binds_that_cannot_be(value: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends, and says why."""
    with pytest.raises(SystemExit) as raised:
        Config().set("bind", value)
    assert words in refusal(capsys, raised)


ESSENTIALS = {
    "a pidfile": ("pidfile", "/srv/pid", "/run/gunicorn/gunicorn.pid", "pidfile /srv/pid"),
    "none": ("pidfile", None, "/run/gunicorn/gunicorn.pid", None),
    "the same": ("pidfile", "/run/gunicorn/gunicorn.pid", "/run/gunicorn/gunicorn.pid", None),
    "a umask": ("umask", 0o22, 0o117, "umask 0o22"),
    "the same umask, as text": ("umask", "0o117", 0o117, None),
    "a umask that is none": ("umask", "many", 0o117, "umask many"),
    "in the background": ("daemon", True, False, "daemon True"),
    "this user by its number": ("user", os.geteuid(), os.geteuid(), None),
    "another user": ("user", os.geteuid() + 1, os.geteuid(), f"user {os.geteuid() + 1}"),
    "a setting of the project's": ("workers", 3, 3, None),
}


@pytest.mark.parametrize(("name", "value", "expected", "note"), ESSENTIALS.values(), ids=ESSENTIALS)
def test_essentials(name: str, value: Any, expected: Any, note: str | None) -> None:
    """Whoever sets them, also by gunicorn's own `set`."""
    settling.State.notes[name] = "of an earlier file"
    if name == "workers":
        settling.State.notes.clear()
    conf = Config()
    conf.set(name, value)
    assert conf.settings[name].get() == expected
    assert settling.State.notes.get(name) == note


LOGS = {
    "none": (None, None, None),
    "stderr": ("-", "-", None),
    "a device": ("/dev/stdout", "-", None),
    "nowhere": ("/dev/null", None, None),
    "a file": ("/var/log/shop.log", "-", "accesslog /var/log/shop.log (it is written to the container's log)"),
}


@pytest.mark.parametrize(("value", "expected", "note"), LOGS.values(), ids=LOGS)
def test_logs(value: str | None, expected: str | None, note: str | None) -> None:
    """A file would grow until the disk is full."""
    settling.State.notes["accesslog"] = "of an earlier file"
    conf = Config()
    conf.set("accesslog", value)
    assert conf.accesslog == expected
    assert settling.State.notes.get("accesslog") == note


def test_gunicorns_own_words_are_not_lost() -> None:
    """Heroku's users silence both logs in one line."""
    conf = Config()
    conf.set("errorlog", "/dev/null")
    assert conf.errorlog == "-"
    assert settling.State.notes.pop("errorlog") == "errorlog /dev/null (it is written to the container's log)"


def test_a_setting_that_cannot_be(capsys: pytest.CaptureFixture[str]) -> None:
    """It is named."""
    with pytest.raises(SystemExit) as raised:
        Config().set("workers", "many")
    assert "Error: cannot set workers: " in refusal(capsys, raised)


class Sockets:
    """A listening socket as PID 1 holds it, and what is opened beside."""

    def __init__(self, path: Path) -> None:
        self.held = socket.socket(socket.AF_UNIX)
        self.held.bind(str(path / "gunicorn.sock"))
        self.held.listen(1)
        self.conf = Config()
        self.log = SimpleNamespace(error=print, debug=print, warning=print)

    def create(self, bind: str, fds: list[int] | None = None) -> list[str]:
        self.conf.set("bind", bind)
        listeners = sock.create_sockets(self.conf, self.log, fds)
        names = [str(listener.getsockname()) for listener in listeners]
        for listener in listeners:
            listener.close()
        return names


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_the_held_socket_and_others(tmp_path: Path) -> None:
    """At a start, and at a reload, which is not handed any."""
    sockets = Sockets(tmp_path)
    path, port = str(tmp_path / "gunicorn.sock"), free_port()
    bind, other = f"127.0.0.1:{port}", f"('127.0.0.1', {port})"
    assert sockets.create("", [os.dup(sockets.held.fileno())]) == [path]
    assert sockets.create(bind, [os.dup(sockets.held.fileno())]) == [path, other]
    assert sockets.create(bind) == [path, other]
    assert sockets.create("") == [path]


def test_the_sockets_of_an_older_gunicorn_are_taken_as_they_are(tmp_path: Path) -> None:
    """At USR2: there is nothing to open."""
    sockets = Sockets(tmp_path)
    fds = [os.dup(sockets.held.fileno()), os.dup(sockets.held.fileno())]
    assert len(sockets.create(f"127.0.0.1:{free_port()}", fds)) == 2


def test_without_a_held_socket_it_is_gunicorns(tmp_path: Path) -> None:
    """As anywhere."""
    sockets = Sockets(tmp_path)
    sockets.conf.settings["bind"].set(f"127.0.0.1:{free_port()}")
    listeners = sock.create_sockets(sockets.conf, sockets.log)
    assert [listener.FAMILY for listener in listeners] == [socket.AF_INET]
    listeners[0].close()


def test_a_port_that_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with gunicorn's «cannot load», not to be tried for ever."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    sockets = Sockets(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SystemExit) as raised:
            sockets.create(f"127.0.0.1:{port}", [os.dup(sockets.held.fileno())])
    assert f"cannot listen at 127.0.0.1:{port}" in refusal(capsys, raised)


def test_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One record of what is not done, and how long a worker may take."""
    monkeypatch.setattr(settling, "TIMEOUT_FILE", tmp_path / "timeout")
    conf = Config()
    settling.report(conf)
    assert capsys.readouterr().out == ""
    conf.set("timeout", 77)
    conf.set("daemon", True)
    conf.set("bind", "0.0.0.0:8000")
    settling.report(conf)
    assert (tmp_path / "timeout").read_text() == "77"
    record = json.loads(capsys.readouterr().out)
    assert record["level"] == "info"
    assert record["msg"].startswith("djinit keeps its own settings instead of: daemon True; bind 0.0.0.0:8000 (")


@pytest.mark.parametrize(
    ("version", "settings", "loses"),
    [
        ((23, 0, 0), {"max_requests": 100, "threads": 4}, True),
        ((26, 0, 2), {"max_requests": 100, "worker_class": "gthread"}, True),
        ((26, 1, 0), {"max_requests": 100, "threads": 4}, False),
        ((27, 0, 1), {"max_requests": 100, "threads": 4}, False),
        ((23, 0, 0), {"threads": 4}, False),
        ((23, 0, 0), {"max_requests": 100}, False),
    ],
)
def test_what_a_pinned_version_loses(version: tuple[int, ...], settings: dict[str, Any], loses: bool) -> None:
    """Only with workers of threads that are to end after so many requests."""
    conf = Config()
    for name, value in settings.items():
        conf.set(name, value)
    found = settling.find_loss(conf, version)
    assert (found is not None) is loses
    if loses:
        assert f"gunicorn {'.'.join(map(str, version))} drops requests" in str(found)


def test_a_report_follows_no_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The application may write there."""
    monkeypatch.setattr(settling, "TIMEOUT_FILE", tmp_path / "timeout")
    (tmp_path / "other").write_text("kept")
    os.symlink("other", tmp_path / "timeout")
    with pytest.raises(OSError, match="symbolic links"):
        settling.report(Config())
    assert (tmp_path / "other").read_text() == "kept"
