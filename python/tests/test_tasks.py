"""djinit_tasks: which backend's worker runs, and what is said where there is none."""

import os
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import celery
import djinit_tasks as tasks
import pytest
from django.core.exceptions import AppRegistryNotReady


def kind(module: str, *bases: type) -> type:
    return type("Backend", bases, {"__module__": module})


Database = kind("django_tasks_db.backend")
OldDatabase = kind("django_tasks.backends.database.backend")
Derived = kind("shop.tasks", Database)
Rq = kind("django_tasks_rq.backend")
Celery = kind("django_tasks_celery.backend")
Fennel = kind("django_tasks_fennel.backend")
Immediate = kind("django.tasks.backends.immediate")
OldDummy = kind("django_tasks.backends.dummy")
Foreign = kind("django_tasks_db_async.backend")


def settings(**backends: str) -> Any:
    return SimpleNamespace(TASKS={alias: {"BACKEND": f"{__name__}.{name}"} for alias, name in backends.items()})


@pytest.mark.parametrize("name", ["Database", "OldDatabase", "Derived", "Rq", "Celery"])
def test_a_backend_with_a_worker(name: str) -> None:
    assert tasks.choose(settings(default=name), []).alias == "default"


def test_a_derived_backend_has_the_worker_of_what_it_derives_from() -> None:
    backend = tasks.choose(settings(default="Derived"), [])
    assert backend.comes_from(tasks.DATABASE)
    assert not backend.comes_from(tasks.RQ)


@pytest.mark.parametrize(
    ("backends", "args", "chosen"),
    [
        ({"default": "Database", "mail": "Rq"}, [], "default"),
        ({"default": "Database", "mail": "Rq"}, ["--backend", "mail"], "mail"),
        ({"default": "Database", "mail": "Rq"}, ["--interval", "2", "--backend=mail"], "mail"),
        ({"default": "Immediate", "mail": "Rq"}, [], "mail"),
    ],
)
def test_of_several_backends(backends: dict[str, str], args: list[str], chosen: str) -> None:
    assert tasks.choose(settings(**backends), args).alias == chosen


@pytest.mark.parametrize(
    ("backends", "args", "said"),
    [
        ({"default": "Immediate"}, [], "runs each task where it is enqueued, at once: set a BACKEND that has a queue"),
        ({"default": "OldDummy"}, [], "keeps tasks and runs none of them: set a BACKEND"),
        ({"default": "Foreign"}, [], "has no worker that djinit knows: give the command of its worker as CMD"),
        ({"default": "Database"}, ["--backend", "mail"], "--backend is 'mail', but TASKS in the settings has only 'default'"),
        ({"default": "Database", "mail": "Immediate"}, ["--backend", "mail"], "TASKS['mail'] in the settings is"),
        ({"default": "Immediate", "a": "Rq", "b": "Database"}, [], 'name another one as CMD ["tasks", "--backend", NAME]: a, b'),
    ],
)
def test_what_is_said_where_there_is_none(backends: dict[str, str], args: list[str], said: str) -> None:
    with pytest.raises(tasks.UsageError) as raised:
        tasks.choose(settings(**backends), args)
    assert said in str(raised.value)


def test_rq_takes_the_queues_of_the_settings_unless_some_are_named() -> None:
    backend = tasks.Backend("default", "", ("django_tasks_rq.backend",), ("default", "mail"))
    assert tasks.rq_queues(backend, ["--burst"]) == ("default", "mail")
    assert tasks.rq_queues(backend, ["mail"]) == ()


def test_celery_needs_its_application(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CELERY_APP", raising=False)
    with pytest.raises(tasks.UsageError, match="but CELERY_APP is not set"):
        tasks.become_celery(tasks.choose(settings(default="Celery"), []), [])


def test_it_becomes_celery(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks of `default` are where Celery's own go by default."""
    shop = ModuleType("shop")
    shop.app = celery.Celery("shop")  # type: ignore[attr-defined]
    shop.app.conf.task_default_queue = "kitchen"
    monkeypatch.setitem(sys.modules, "shop", shop)
    monkeypatch.setenv("CELERY_APP", "shop")
    monkeypatch.setenv("CELERY_CONCURRENCY", "3")
    became: list[list[str]] = []
    monkeypatch.setattr(os, "execvp", lambda program, argv: became.append([program, *argv]))
    tasks.become_celery(tasks.choose(settings(default="Celery"), []), ["-Q", "mail"])
    tasks.become_celery(tasks.choose(settings(default="Celery"), []), [])
    monkeypatch.delenv("CELERY_APP")
    tasks.become_celery(tasks.choose(settings(default="Fennel"), []), [])
    options = ["--concurrency", "3", "--loglevel", "INFO"]
    assert became == [
        ["celery", "celery", "--app", "shop", "worker", *options, "-Q", "mail"],
        ["celery", "celery", "--app", "shop", "worker", "--queues", "kitchen", *options],
        ["celery", "celery", "--app", "django_tasks_fennel.app", "worker", "--queues", "default", *options],
    ]


def test_celery_is_found_before_django_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all backends are its own by their names, and can be imported."""
    package = ModuleType("django_tasks_celery")
    package.Backend = kind("django_tasks_celery")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "django_tasks_celery", package)
    own = {"BACKEND": "django_tasks_celery.Backend", "QUEUES": ["mail"]}
    found = tasks.early_celery(SimpleNamespace(TASKS={"default": own}), [])
    assert found is not None
    assert found.queues == ("mail",)
    with pytest.raises(tasks.UsageError, match="has only 'default'"):
        tasks.early_celery(SimpleNamespace(TASKS={"default": own}), ["--backend", "mail"])

    def refuses(name: str) -> Any:
        raise AppRegistryNotReady

    monkeypatch.setattr(tasks, "import_module", refuses)
    for backends in ({"default": own}, {"default": own, "db": {"BACKEND": "django_tasks_db.DatabaseBackend"}}, {}):
        assert tasks.early_celery(SimpleNamespace(TASKS=backends), []) is None
