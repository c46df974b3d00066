"""gunicorn's settings in this image.

A file of the project's own (`--config`, or gunicorn.conf.py in the working directory) wins over this one, GUNICORN_CMD_ARGS and
the command line win over both, and WEB_CONCURRENCY sets the number of workers, as gunicorn itself defines it. Where none of them
says how many, djinit_size.py does. What djinit depends on (djinit_gunicorn.py has the list) stays in force over all of them.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker
from gunicorn.workers.sync import SyncWorker


def load_once(name: str) -> ModuleType:
    """Load a module of djinit's that keeps what it knows: this file is read again by a reload."""
    if name not in sys.modules:
        spec: Any = spec_from_file_location(name, f"/usr/local/lib/djinit/{name}.py")
        sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def run(name: str) -> dict[str, Any]:
    """Run a module of djinit's, each time anew: as runpy.run_path does, but with what Python has compiled of it already."""
    spec: Any = spec_from_file_location(name, f"/usr/local/lib/djinit/{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return vars(module)


settling: Any = load_once("djinit_gunicorn")
paused = run("djinit_garbage")["paused"]

# Where djinit has started gunicorn beside its boot, this is the gate: the rest waits until the boot is done.
if "DJINIT_GATE_FD" in os.environ:
    run("djinit_gate")
# Who loads the application may be held there in place of this process.
hold: Any = sys.modules.get("djinit_hold")
if hold is not None:
    hold.found()

# The first name is this image's documented one. prometheus_client reads the second.
PROMETHEUS_VARIABLES = ("prometheus_multiproc_dir", "PROMETHEUS_MULTIPROC_DIR")
USUAL_PROMETHEUS_DIR = "/run/gunicorn/prometheus"
DEFAULT_PROMETHEUS_DIR = f"{settling.RUN}/gunicorn/prometheus"

pidfile = f"{settling.RUN}/gunicorn/gunicorn.pid"
bind = f"unix:{settling.RUN}/gunicorn/gunicorn.sock"
# For the socket and the workers' temporary files: 0660, so nginx reaches the socket through the group django.
umask = 0o117
worker_tmp_dir = f"{settling.RUN}/gunicorn"
# PID 1 holds the socket and hands it on, so that requests wait in it while gunicorn is restarted. gunicorn learns of it as
# from systemd (LISTEN_PID is set here, because only the child knows its PID).
if os.environ.pop("DJINIT_LISTEN_FDS", None):
    os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
control_socket_disable = True
# djinit may stop gunicorn long before the grace period ends. Open requests have until then.
if "DJINIT_GRACEFUL_TIMEOUT" in os.environ:
    graceful_timeout = int(os.environ["DJINIT_GRACEFUL_TIMEOUT"])

# nginx refuses what is too long before gunicorn has to.
if "DJINIT_REQUEST_LIMITS" in os.environ:
    limit_request_line, limit_request_field_size, limit_request_fields = map(int, os.environ["DJINIT_REQUEST_LIMITS"].split())
if "DJINIT_REQUEST_TIMEOUT" in os.environ:
    timeout = int(os.environ["DJINIT_REQUEST_TIMEOUT"])

if "DJINIT_WORKER_MAX_REQUESTS" in os.environ:
    max_requests = int(os.environ["DJINIT_WORKER_MAX_REQUESTS"])
    # Else all workers would be renewed at the same moment.
    max_requests_jitter = max_requests // 10

if os.environ.get("GUNICORN_ACCESS_LOGS"):
    accesslog = "-"
    # gunicorn's own format, with the request's id.
    access_log_format = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s" request_id="%({x-request-id}i)s"'

# nginx reaches gunicorn by a unix socket, and gunicorn trusts whoever does: X-Forwarded-Proto decides wsgi.url_scheme
# without forwarded_allow_ips being set.


shared_metrics: Any = load_once("djinit_shared_metrics")

# The workers for ASGI. None of them is loaded before the master has chosen it.
ASGI_WORKERS = {"gunicorn.workers.gasgi", "uvicorn_worker", "uvicorn.workers"}


def mend_asgi() -> None:
    """Do what the workers do not do by themselves.

    Database connections end with their request, WebSockets are counted. gunicorn's own worker closes them at its end, and
    keeps the backlog.
    """
    if not ASGI_WORKERS & sys.modules.keys():
        return
    try:
        run("djinit_asgi_database")
        run("djinit_websocket_count")
        if "gunicorn.workers.gasgi" in sys.modules:
            run("djinit_websockets")
            run("djinit_asgi_backlog")
    except (ImportError, OSError, AttributeError):
        # An unknown version of gunicorn: its WebSockets end with its workers, as without djinit.
        return


def read_before_end() -> None:
    """Have uvicorn's workers answer what they have accepted when they are told to end."""
    if "uvicorn.server" not in sys.modules:
        return
    try:
        run("djinit_uvicorn_worker")
    except (ImportError, OSError, AttributeError):
        # Another version of uvicorn.
        return


def without_looking_for_garbage(
    load: Callable[[BaseApplication], Any],
) -> Callable[[BaseApplication], Any]:
    """Make garbage not be looked for while the application is loaded, in a worker or in the master.

    No hook of gunicorn's does this, for a hook can be replaced, and then nobody would look again.
    """

    @wraps(load)
    def loads(app: BaseApplication) -> Any:
        with paused():
            try:
                return load(app)
            finally:
                mend_asgi()
                read_before_end()
                shared_metrics.let_readers_lock()

    return loads


# Only once: a reload reads this file again.
if not hasattr(BaseApplication.wsgi, "__wrapped__"):
    BaseApplication.wsgi = without_looking_for_garbage(BaseApplication.wsgi)
run("djinit_load")
run("djinit_same_key")
run("djinit_fork")
sizing: Any = load_once("djinit_size")
load_once("djinit_keeping")
load_once("djinit_leaving")
load_once("djinit_renewal")
interface = run("djinit_interface")

# REMOTE_ADDR. After the gate: by then djinit has written this start's secret for it.
run("djinit_client")


def prometheus_dir() -> str | None:
    """The directory that the environment names; "" when it is named and empty, which switches sharing off."""
    values = [os.environ[name] for name in PROMETHEUS_VARIABLES if name in os.environ]
    values = [DEFAULT_PROMETHEUS_DIR if value == USUAL_PROMETHEUS_DIR else value for value in values]
    return next(filter(None, values), "") if values else None


def share_prometheus_dir(path: str) -> None:
    """Put the same directory, or none, under both names."""
    for name in PROMETHEUS_VARIABLES:
        if path:
            os.environ[name] = path
        else:
            os.environ.pop(name, None)


@settling.never_raises
def nworkers_changed(server: Arbiter, new_value: int, old_value: int | None) -> None:
    """Tell how many workers there are to be; at the start choose the directory in which they share their metrics.

    This hook, because no other runs before a preloaded application imports prometheus_client, which looks at the
    environment once.
    """
    sizing.tell_workers(new_value)
    if old_value is not None:
        return
    path = prometheus_dir()
    # One of djinit's choice may become several.
    shares = new_value > 1 or sizing.sizing.chooses or issubclass(server.worker_class, SyncWorker)
    if path is None and shares:
        path = DEFAULT_PROMETHEUS_DIR
    share_prometheus_dir(path or "")
    if not path:
        return
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
        # Files of an earlier run would be counted again. A directory that the user chose may be shared with others, and
        # after USR2 (GUNICORN_PID is set) the old workers still write.
        if path == DEFAULT_PROMETHEUS_DIR and "GUNICORN_PID" not in os.environ:
            for left_over in Path(path).glob("*.db"):
                left_over.unlink()
    except OSError as error:
        server.log.warning("cannot prepare the Prometheus directory %s: %s", path, error)


@settling.never_raises
def pre_fork(_server: Arbiter, worker: Worker) -> None:
    """Let the worker tell the master what it does."""
    sizing.prepare(worker)


@settling.never_raises
def post_fork(_server: Arbiter, worker: Worker) -> None:
    """The worker's side of it."""
    if hold is not None:
        hold.begin_worker(worker)
    sizing.begin(worker)


@settling.never_raises
def post_worker_init(worker: Worker) -> None:
    """The application is loaded."""
    if hold is not None:
        hold.loaded()
    sizing.loaded(worker)


@settling.never_raises
def pre_request(worker: Worker, request: Any) -> None:
    """Keep the request, for the record of a worker that has to be renewed; then what gunicorn does by itself."""
    sizing.requested(request.method, request.path)
    worker.log.debug("%s %s", request.method, request.path)


@settling.never_raises
def on_starting(server: Arbiter) -> None:
    """Tell what has come of the configuration; let the workers run the application by its interface."""
    interface["choose"](server)
    settling.report(server.cfg)


@settling.never_raises
def on_reload(server: Arbiter) -> None:
    """The same of a new one."""
    interface["choose"](server)
    settling.report(server.cfg)


@settling.never_raises
def child_exit(server: Arbiter, worker: Worker) -> None:
    """Drop what a dead worker has told: its WebSockets, and its live gauges. The rest of its metrics is merged later.

    The gauges as prometheus_client.multiprocess.mark_process_dead does.

    Up to 23 gunicorn calls this in its handler of SIGCHLD, perhaps in the middle of an earlier call: whoever imports there
    ends it. So nothing is loaded here.
    """
    with suppress(OSError):
        os.unlink(f"{settling.RUN}/gunicorn/{worker.pid}.websockets")
    path = prometheus_dir()
    if not path:
        return
    for name in os.listdir(path):
        if name.startswith("gauge_live") and name.endswith(f"_{worker.pid}.db"):
            os.unlink(os.path.join(path, name))
    shared_metrics.has_ended(worker.pid, path)


# The project's own file, if there is one, sets the rest.
sizing.sizing.choose(globals(), settling.settle(globals()))
if os.environ.get("GUNICORN_ACCESS_LOGS"):
    accesslog = "-"
