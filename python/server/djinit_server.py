"""Starts a web server of the project's choice in gunicorn's place, at the socket that PID 1 holds.

`djinit_server.py SERVER WORD...` is that server's own command with the words for the socket. It does not get the application
itself but djinit_application.py, which loads it and tells it what nginx says of the client. `djinit_server.py check` loads the
application, and no more.
"""

import os
import runpy
import sys
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
    os.environ["DJINIT_SERVER"] = server
    os.set_inheritable(SOCKET_FD, True)
    sys.argv = [server, *SOCKET_WORDS[server], *words, APPLICATION]
    mend = Path(HERE, f"djinit_{server}.py")
    if mend.exists():
        runpy.run_path(str(mend))
    # Not as a part of this one: the processes that it starts are to find it as `python -m` would have it.
    runpy.run_module(server, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    # The project's directory, as `python -m` has it, and djinit's own behind everything.
    sys.path[0] = str(Path.cwd())
    sys.path.append(HERE)
    main(sys.argv[1], sys.argv[2:])
