"""The worker of Django's tasks (`CMD ["tasks"]`, DJANGO_TASKS_WORKER): the one that the backend in the settings' TASKS has.

djinit runs `python -m djinit_tasks OPTION…`; the options are the worker's own. `python -m djinit_tasks check OPTION…` ends with 0
if such a start would find its backend. What is wrong with the settings or the options ends it with USAGE, and a line `Error: …`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple, NoReturn

#: As argparse and click do; a new start would end in the same way.
USAGE = 2
DEFAULT = "default"
#: What the settings of a project without TASKS mean.
IMMEDIATE = "django.tasks.backends.immediate.ImmediateBackend"

#: Packages whose backends, or those derived from them, have a worker that is known here.
DATABASE = ("django_tasks_db", "django_tasks.backends.database")
RQ = ("django_tasks_rq", "django_tasks.backends.rq")
FENNEL = "django_tasks_fennel"
TASKS_CELERY = "django_tasks_celery"
CELERY = (TASKS_CELERY, FENNEL)
#: Django's own, under both of its names, that need none.
WITHOUT_WORKER = {
    "backends.immediate": "runs each task where it is enqueued, at once",
    "backends.dummy": "keeps tasks and runs none of them",
}
WAY_OUT = (
    "set a BACKEND that has a queue, such as django_tasks_db.DatabaseBackend, "
    'or run no worker: neither CMD ["tasks"] nor DJANGO_TASKS_WORKER'
)


class Backend(NamedTuple):
    alias: str
    path: str
    #: The packages and modules that its class and those it derives from come from.
    modules: tuple[str, ...]
    queues: tuple[str, ...]
    #: The Celery application, where the backend is celery's and names one itself.
    celery_app: str | None = None

    def comes_from(self, packages: Sequence[str]) -> bool:
        return any(module == name or module.startswith(f"{name}.") for module in self.modules for name in packages)

    @property
    def has_worker(self) -> bool:
        return self.comes_from((*DATABASE, *RQ, *CELERY))


class UsageError(Exception):
    """The settings or the options: a new start would not help."""


def backend_of(alias: str, entry: Mapping[str, Any]) -> Backend:
    path = str(entry.get("BACKEND", ""))
    module, _, name = path.rpartition(".")
    kind = getattr(import_module(module), name) if module else object
    modules = tuple(it.__module__ for it in kind.__mro__)
    app = (entry.get("OPTIONS") or {}).get("CELERY_APP")
    return Backend(alias, path, modules, tuple(entry.get("QUEUES") or (DEFAULT,)), app)


def option(args: Sequence[str], name: str) -> str | None:
    """The last value of an option, as argparse reads it."""
    values = [word.partition("=")[2] for word in args if word.startswith(f"{name}=")]
    values += [args[at + 1] for at, word in enumerate(args[:-1]) if word == name]
    return values[-1] if values else None


def choose(settings: Any, args: Sequence[str]) -> Backend:
    """Find the backend that is named, or else `default`, or else the only one that has a worker."""
    entries = getattr(settings, "TASKS", None) or {DEFAULT: {"BACKEND": IMMEDIATE}}
    named = option(args, "--backend")
    if named is not None and named not in entries:
        raise UsageError(f"--backend is {named!r}, but TASKS in the settings has only {', '.join(map(repr, entries))}")
    if named is not None:
        return with_worker(backend_of(named, entries[named]), [])
    backends = {alias: backend_of(alias, entry) for alias, entry in entries.items()}
    able = [it for it in backends.values() if it.has_worker]
    first = backends.get(DEFAULT) or next(iter(backends.values()))
    if not first.has_worker and len(able) == 1:
        return able[0]
    return with_worker(first, able)


def with_worker(backend: Backend, others: Sequence[Backend]) -> Backend:
    """Errors: says why this backend has none, and the way out."""
    if backend.has_worker:
        return backend
    what = f"TASKS[{backend.alias!r}] in the settings is {backend.path}, which"
    why = next((text for part, text in WITHOUT_WORKER.items() if any(part in it for it in backend.modules)), None)
    if others:
        names = ", ".join(it.alias for it in others)
        raise UsageError(f'{what} has no worker that djinit knows: name another one as CMD ["tasks", "--backend", NAME]: {names}')
    if why is None:
        raise UsageError(f"{what} has no worker that djinit knows: give the command of its worker as CMD")
    raise UsageError(f"{what} {why}: {WAY_OUT}")


def run_rq(backend: Backend, args: Sequence[str]) -> None:
    """It has no words for our heartbeat: djinit sees only that it lives."""
    from django.core.management import call_command

    package = next(name for name in RQ if backend.comes_from((name,)))
    given = [] if option(args, "--job-class") else ["--job-class", f"{package}.Job"]
    call_command("rqworker", *given, *args, *rq_queues(backend, args))


def rq_queues(backend: Backend, args: Sequence[str]) -> Sequence[str]:
    return () if any(not word.startswith("-") for word in args) else backend.queues


def celery_queues(backend: Backend, app: str) -> list[str]:
    """django-tasks-celery names no queue for tasks of `default`: they are in Celery's own, mostly called `celery`."""
    if not backend.comes_from((TASKS_CELERY,)) or DEFAULT not in backend.queues:
        return list(backend.queues)
    from celery.app.utils import find_app

    own = find_app(app).conf.task_default_queue
    return list(dict.fromkeys(own if name == DEFAULT else name for name in backend.queues))


def become_celery(backend: Backend, args: Sequence[str]) -> NoReturn:
    """Celery's own program, whose heartbeat djinit knows."""
    app = os.environ.get("CELERY_APP") or backend.celery_app
    if not app and backend.comes_from((FENNEL,)):
        app = f"{FENNEL}.app"
    if not app:
        raise UsageError(
            f"TASKS[{backend.alias!r}] in the settings is {backend.path}, but CELERY_APP is not set: "
            "set it to the module of the Celery application"
        )
    concurrency = ["--concurrency", os.environ.get("CELERY_CONCURRENCY") or "1"]
    chooses = any(word.startswith(("-Q", "--queues")) for word in args)
    queues = [] if chooses else ["--queues", ",".join(celery_queues(backend, app))]
    # The image's, or the one of the project's own environment.
    os.execvp("celery", ["celery", "--app", app, "worker", *queues, *concurrency, "--loglevel", "INFO", *args])  # noqa: S606, S607


def early_celery(settings: Any, args: Sequence[str]) -> Backend | None:
    """The backend, where it is celery's and can be chosen before Django is started."""
    from django.core.exceptions import AppRegistryNotReady

    entries = (getattr(settings, "TASKS", None) or {}).values()
    # Packages whose backends have models cannot be imported yet. They are not tried.
    if not entries or not all(str(entry.get("BACKEND", "")).partition(".")[0] in CELERY for entry in entries):
        return None
    try:
        return choose(settings, args)
    except AppRegistryNotReady:
        return None


def run(args: Sequence[str]) -> None:
    checks = args[:1] == ["check"]
    args = args[1:] if checks else args
    import django
    from django.conf import settings
    from django.core.management import CommandError

    try:
        # celery's own program starts Django. The settings alone mostly say that it is to run.
        backend = None if checks else early_celery(settings, args)
        if backend is None:
            django.setup()
            backend = choose(settings, args)
        if checks:
            return
        if backend.comes_from(CELERY):
            become_celery(backend, args)
        elif backend.comes_from(RQ):
            run_rq(backend, args)
        else:
            import djinit_db_worker

            djinit_db_worker.run(backend.alias, backend.queues, args)
    except (UsageError, CommandError) as error:
        # Django's parser says it already.
        print(f"Error: {str(error).removeprefix('Error: ')}", file=sys.stderr)
        sys.exit(USAGE)


if __name__ == "__main__":
    run(sys.argv[1:])
