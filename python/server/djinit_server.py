"""Starts a web server of the project's choice in gunicorn's place, at the socket that PID 1 holds.

`djinit_server.py SERVER WORD...` is that server's own command with the words for the socket. It does not get the application
itself but djinit_application.py, which loads it and tells it what nginx says of the client. `djinit_server.py check` loads the
application, and no more.
"""

import atexit
import os
import re
import runpy
import sys
import time
from contextlib import suppress
from importlib import metadata
from pathlib import Path

HERE = str(Path(__file__).parent)
#: The first descriptor after stdin, stdout and stderr: src/plan/inherited-descriptors.ts.
SOCKET_FD = 3
#: As in djinit_told.py.
RUN = os.environ.get("DJINIT_RUN_DIRECTORY", "/run")
#: granian takes no descriptor. It opens a socket of its own, which djinit_granian.py replaces.
SOCKET_WORDS = {
    "uvicorn": ["--fd", str(SOCKET_FD)],
    "granian": ["--uds", f"{RUN}/gunicorn/granian.sock"],
    "daphne": ["--fd", str(SOCKET_FD)],
    "hypercorn": ["--bind", f"fd://{SOCKET_FD}"],
}
#: What the servers read of these names would win over what djinit says, or goes without it.
VARIABLES = ("HOST", "PORT", "UDS", "FD", "RELOAD")
#: Variables that a server reads, unless the container has them. A version that does not know one does not mind.
DEFAULTS = {
    # uvicorn gives up a reload whose new process has not loaded the application in 5 s.
    "UVICORN_TIMEOUT_WORKER_HEALTHCHECK": "30",
}
#: The oldest ones that have been tested.
TESTED = {"uvicorn": (0, 18), "granian": (2, 5), "daphne": (3, 0), "hypercorn": (0, 16)}
#: Older ones have no unix socket.
NEEDED = {"granian": (2, 5)}
#: nginx keeps its connections while it is there (locations/kept.conf).
KEEPS_FILE = Path(f"{RUN}/gunicorn/keeps")
#: nginx closes an idle one after a second, and is to be the first. uvicorn's own is 5 s.
LEAST_SECONDS = 2
#: What they end with where they do not understand their words. PID 1 does not try again.
USAGE_ERROR = 2
APPLICATION = "djinit_application:application"


def main(server: str, words: list[str]) -> None:
    """Become the server, or check the application."""
    os.environ.pop("DJINIT_LISTEN_FDS", None)
    if server == "check":
        runpy.run_module("djinit_application", run_name="djinit_application_check")
        return
    for name in VARIABLES:
        os.environ.pop(f"{server.upper()}_{name}", None)
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    judge(server, metadata.version(server))
    os.environ["DJINIT_SERVER"] = server
    tell_nginx(keeps_connections(server, words))
    os.set_inheritable(SOCKET_FD, True)
    sys.argv = [server, *SOCKET_WORDS[server], *words, APPLICATION]
    mend = Path(HERE, f"djinit_{server}.py")
    if mend.exists():
        runpy.run_path(str(mend))
    try:
        # Not as a part of this one: the processes that it starts are to find it as `python -m` would have it.
        runpy.run_module(server, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code or not ends_by_itself(server, words):
            raise
        begin_anew()


def judge(server: str, version: str) -> None:
    """Say what an old one cannot do. SystemExit: it cannot be run at all."""
    it = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    needed, tested = NEEDED.get(server, ()), TESTED[server]
    if it < needed:
        say("ERROR", f"{server} {version} cannot listen at a unix socket: install {server} {dotted(needed)} or later")
        sys.exit(USAGE_ERROR)
    if it < tested:
        text = f"{server} {version} may lose requests when it is reloaded or stopped: install {server} {dotted(tested)} or later"
        say("WARNING", text)


def dotted(version: tuple[int, ...]) -> str:
    """As people write it."""
    return ".".join(map(str, version))


def say(level: str, text: str) -> None:
    """Write one line, as gunicorn and hypercorn do."""
    at = time.strftime("%Y-%m-%d %H:%M:%S %z")
    print(f"[{at}] [{os.getpid()}] [{level}] {text}", file=sys.stderr, flush=True)


def ends_by_itself(server: str, words: list[str]) -> bool:
    """Return whether an end without a signal is meant: uvicorn's one process has answered as many requests as it may.

    With several, their parent starts others, and ends with 0 when it is told to.
    """
    is_limited = "UVICORN_LIMIT_MAX_REQUESTS" in os.environ
    is_limited = is_limited or any(word.startswith("--limit-max-requests") for word in words)
    return server == "uvicorn" and is_limited and processes_of_uvicorn(words) < 2


def processes_of_uvicorn(words: list[str]) -> int:
    """As uvicorn reads it."""
    return number_of_uvicorn("workers", words, 1, "WEB_CONCURRENCY", "UVICORN_WORKERS")


def number_of_uvicorn(option: str, words: list[str], usual: int, *variables: str) -> int:
    """What uvicorn has been told; the variables are in its own order, the last wins. One that is no number ends uvicorn."""
    values = [os.environ.get(name) for name in variables]
    for word, following in zip(words, [*words, ""][1:], strict=True):
        name, has_value, value = word.partition("=")
        if name == f"--{option}":
            values.append(value if has_value else following)
    said = next((value for value in reversed(values) if value), str(usual))
    return int(said) if said.isdigit() else usual


def keeps_connections(server: str, words: list[str]) -> bool:
    """Whether nginx may keep its connections: uvicorn has one process, closes idle ones after nginx, and counts none.

    With a limit to concurrency it answers 503 where too many are open, idle or not.
    The others have not been tried; daphne waits for every open connection at its end.
    """
    counts = "UVICORN_LIMIT_CONCURRENCY" in os.environ
    if counts or any(word.partition("=")[0] == "--limit-concurrency" for word in words):
        return False
    idle_seconds = number_of_uvicorn("timeout-keep-alive", words, 5, "UVICORN_TIMEOUT_KEEP_ALIVE")
    return server == "uvicorn" and processes_of_uvicorn(words) == 1 and idle_seconds >= LEAST_SECONDS


def tell_nginx(keeps: bool) -> None:
    """Make the file, or remove that of an earlier process. Without it nothing is kept."""
    with suppress(OSError):
        if keeps:
            os.close(os.open(KEEPS_FILE, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644))
        else:
            KEEPS_FILE.unlink(missing_ok=True)


def begin_anew() -> None:
    """As the same process, with the same socket. For PID 1 an end is a failure, and many of them end the container."""
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, sys.orig_argv)  # noqa: S606


if __name__ == "__main__":
    # The project's directory, as `python -m` has it, and djinit's own behind everything.
    sys.path[0] = str(Path.cwd())
    sys.path.append(HERE)
    main(sys.argv[1], sys.argv[2:])
