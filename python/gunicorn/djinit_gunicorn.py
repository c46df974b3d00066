"""Settles gunicorn's configuration: the project's own file and words, and what djinit depends on.

gunicorn itself resolves what it is given: its file, GUNICORN_CMD_ARGS, the command line. The file is the image's, which reads
the project's own through this module. What djinit depends on is put right where gunicorn sets it, so that it does not matter
which of the three had it otherwise.
"""

import importlib
import json
import os
import runpy
import sys
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

from gunicorn import sock, util, version_info
from gunicorn.app.base import Application
from gunicorn.config import Config, get_default_config_file

Names = dict[str, Any]

words = runpy.run_path("/usr/local/lib/djinit/djinit_gunicorn_words.py")
read_words: Callable[[str], tuple[str | None, bool, set[str]]] = words["read_words"]
SIZES: tuple[str, ...] = words["SIZES"]

#: The image's file. djinit names it last on the command line, where it wins over another.
IMAGE_FILE = "/etc/gunicorn/config.py"
#: Another directory serves a user who may not have the usual one.
RUN = os.environ.get("DJINIT_RUN_DIRECTORY", "/run")
USUAL_SOCKET = "unix:/run/gunicorn/gunicorn.sock"
SOCKET = f"unix:{RUN}/gunicorn/gunicorn.sock"
#: What a worker may take, for PID 1, which lets nginx wait as long.
TIMEOUT_FILE = Path(f"{RUN}/gunicorn/timeout")
#: gunicorn's own status for «cannot load the application», which djinit does not answer by trying again.
CANNOT_LOAD = 4
#: From here on a gthread worker that ends by --max-requests answers what it has taken.
LOSES_NOTHING = (26, 1)

ESSENTIALS: Names = {
    "pidfile": f"{RUN}/gunicorn/gunicorn.pid",
    "umask": 0o117,
    "worker_tmp_dir": f"{RUN}/gunicorn",
    # Signals from PID 1 are the only control there is.
    "control_socket_disable": True,
    "daemon": False,
    # It makes every worker open sockets of its own.
    "reuse_port": False,
    # djinit has chosen them, and gunicorn may not.
    "user": os.geteuid(),
    "group": os.getegid(),
}
#: djinit relays stdout and stderr. A file would grow until the disk is full.
LOGS = ("accesslog", "errorlog")
STREAMS = ("-", "/dev/", "/proc/")


class State:
    """Of this process, over all its reloads."""

    #: What was asked for and is not done, by the name of the setting.
    notes: dict[str, str] = {}
    #: A descriptor of the usual socket, where PID 1 holds it.
    held: int | None = None
    #: Who listens where: the boot says so when it lets gunicorn through its gate.
    ports: Names = {"nginx": [8000], "admin": 0}


def refuse(cause: str) -> NoReturn:
    """End gunicorn. The container ends with it, and says so."""
    print(f"Error: {cause}", file=sys.stderr, flush=True)
    sys.exit(CANNOT_LOAD)


def settle(ours: Names) -> set[str]:
    """Put what the project's own file says into `ours`, the names of the image's file.

    Return which settings that say how large gunicorn is to be the project has set, in its file or by its words.
    """
    State.notes = {}
    if "DJINIT_PORTS" in os.environ:
        State.ports = json.loads(os.environ.pop("DJINIT_PORTS"))
    location, names_application, sizes = read_words(IMAGE_FILE)
    location = location or get_default_config_file()
    if location is not None:
        settings = Config().settings
        for name, value in names_in(location).items():
            if name not in settings:
                continue
            if name in SIZES:
                sizes.add(name)
            mine = ours.get(name)
            if callable(mine) and (callable(value) or isinstance(value, str)):
                ours[name] = both(mine, hook_of(settings[name].validator, name, value))
            else:
                ours[name] = value
    if not names_application and not ours.get("wsgi_app"):
        refuse("no application is named: give it as CMD, or as wsgi_app in gunicorn.conf.py")
    return sizes


def hook_of(validator: Callable[..., Any], name: str, value: Any) -> Any:
    """Return a hook of the project's as gunicorn takes it: it may be named, and must take as many arguments as it is given."""
    try:
        return validator(value)
    except Exception as error:  # whatever gunicorn has against it
        refuse(f"cannot set {name}: {error}")


def names_in(location: str) -> Names:
    """Read a file as gunicorn does."""
    if location.startswith("python:"):
        try:
            return vars(importlib.import_module(location.removeprefix("python:")))
        except Exception:  # whatever is wrong with it
            traceback.print_exc()
            sys.exit(CANNOT_LOAD)
    path = location.removeprefix("file:")
    if os.path.realpath(path) == IMAGE_FILE:
        return {}
    if not os.path.exists(path):
        refuse(f"cannot read gunicorn's configuration: {path!r} doesn't exist")
    try:
        names: Names = Application.get_config_from_filename(None, path)
    except SystemExit:
        # gunicorn has said why.
        sys.exit(CANNOT_LOAD)
    return names


def both(ours: Callable[..., Any], theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Return a hook that runs ours, which never raises, and then theirs."""

    @wraps(ours)
    def hook(*args: Any) -> Any:
        ours(*args)
        return theirs(*args)

    return hook


def never_raises(hook: Callable[..., Any]) -> Callable[..., Any]:
    """Make a hook of the image's own harmless: some run within gunicorn's signal handlers, where an error ends it."""

    @wraps(hook)
    def tries(*args: Any) -> None:
        with suppress(Exception):
            hook(*args)

    return tries


def binds_beside(value: str | Iterable[str]) -> list[str]:
    """Return the usual socket, and what else gunicorn has been told to listen at and may."""
    binds = [SOCKET]
    left_out = []
    for bind in value.split(",") if isinstance(value, str) else value:
        bind = bind.strip()
        # gunicorn leaves empty ones out; by itself, one would be port 8000.
        if not bind or bind == USUAL_SOCKET:
            continue
        try:
            address = util.parse_address(bind)
        except (RuntimeError, ValueError) as error:
            refuse(f"cannot bind {bind!r}: {error}")
        if f"unix:{address}" == SOCKET:
            continue
        port = address[1] if isinstance(address, tuple) else None
        if port is not None and port == State.ports["admin"]:
            refuse(f"cannot bind {bind!r}: djinit's probes and metrics have this port (DJINIT_ADMIN_PORT)")
        elif port is not None and port in State.ports["nginx"]:
            left_out.append(f"bind {bind} (nginx listens at this port, and gunicorn at {SOCKET})")
        elif isinstance(address, str) and not os.access(os.path.dirname(address) or ".", os.W_OK):
            left_out.append(f"bind {bind} (user django may not make it, and gunicorn listens at {SOCKET})")
        else:
            binds.append(bind)
    State.notes.pop("bind", None)
    if left_out:
        State.notes["bind"] = "; ".join(left_out)
    return binds


def essential(name: str, value: Any, validator: Callable[..., Any]) -> Any:
    """Return what a setting is to be when it is set to `value`."""
    if name == "bind":
        return binds_beside(value)
    if name in LOGS:
        State.notes.pop(name, None)
        if not value or str(value) == "-":
            return value
        # Whoever says it wants no access log. What gunicorn has to say of itself has to be read by somebody.
        if str(value) == os.devnull and name == "accesslog":
            return None
        if str(value) == os.devnull or not str(value).startswith(STREAMS):
            State.notes[name] = f"{name} {value} (it is written to the container's log)"
        return "-"
    if name not in ESSENTIALS:
        return value
    State.notes.pop(name, None)
    is_same = value is None
    with suppress(Exception):
        # A user's name and number are the same.
        is_same = is_same or validator(value) == ESSENTIALS[name]
    if not is_same:
        State.notes[name] = f"{name} {oct(value) if name == 'umask' and isinstance(value, int) else value}"
    return ESSENTIALS[name]


def keep_essentials() -> None:
    """Make it hold whoever sets it."""
    original = Config.set

    @wraps(original)
    def set_(self: Config, name: str, value: Any) -> None:
        try:
            original(self, name, essential(name, value, self.settings[name].validator))
        except Exception as error:  # each setting has its own
            refuse(f"cannot set {name}: {error}")

    Config.set = set_


class Addressed:
    """A configuration with other addresses."""

    def __init__(self, conf: Config, address: list[Any]) -> None:
        self.conf = conf
        self.address = address

    def __getattr__(self, name: str) -> Any:
        return getattr(self.conf, name)


def keep_socket() -> None:
    """Make gunicorn open what it has been told beside the socket that PID 1 holds. It would take the one or the other."""
    original = sock.create_sockets

    @wraps(original)
    def create_sockets(conf: Config, log: Any, fds: Iterable[int] | None = None) -> Any:
        given = list(fds or [])
        if given:
            State.held = os.dup(given[0])
        elif State.held is None:
            return original(conf, log)
        # Without any: a reload with other addresses.
        listeners = original(Addressed(conf, []), log, given or [os.dup(State.held)])
        for listener in listeners:
            listener.listen(conf.backlog)
        if len(given) > 1 or len(conf.address) == 1:
            return listeners
        try:
            return listeners + original(Addressed(conf, conf.address[1:]), log)
        except SystemExit:
            refuse(f"cannot listen at {', '.join(conf.bind[1:])}: see the lines before")

    sock.create_sockets = create_sockets


def find_loss(conf: Config, version: tuple[int, ...] = version_info) -> str | None:
    """Return what this version loses as it is configured. Measured: docs/gunicorn.md."""
    if not conf.max_requests or "thread" not in conf.worker_class_str.lower() or version[:2] >= LOSES_NOTHING:
        return None
    number = ".".join(map(str, version))
    return f"gunicorn {number} drops requests whenever a gthread worker ends by --max-requests: install gunicorn 26.1 or later"


def report(conf: Config) -> None:
    """Tell PID 1, and the log, what has come of it."""
    if State.notes:
        text = f"djinit keeps its own settings instead of: {'; '.join(State.notes.values())}"
        print(json.dumps({"level": "info", "msg": text}), flush=True)
    loss = find_loss(conf)
    if loss is not None:
        print(json.dumps({"level": "warn", "msg": loss}), flush=True)
    fd = os.open(TIMEOUT_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
    with open(fd, "w") as file:
        file.write(str(conf.timeout))


keep_essentials()
keep_socket()
