// Which workers there are, how many, and when they are renewed.
import { choice, flag, integer, integerOrAuto, memorySize, percent, text } from "./value-types.ts";
import { variable } from "./variable.ts";

export const WORKER_VARIABLES = {
  workerMaxRequests: variable(
    "DJINIT_WORKER_MAX_REQUESTS",
    integer(1, 1_000_000_000),
    "gunicorn: a worker that has answered so many requests, and up to a tenth more by chance, is renewed.",
  ),
  workerMaxMemory: variable(
    "DJINIT_WORKER_MAX_MEMORY",
    memorySize(),
    "gunicorn: a worker that holds more memory than this is renewed, as in `300m` or `1g`.",
  ),
  memoryGuard: variable(
    "DJINIT_MEMORY_GUARD",
    percent(50, 99),
    "gunicorn: the part of the container's memory limit from which on the largest worker that has grown is renewed, before the kernel has to kill; `off`: never.",
    { default: "90%" },
  ),
  celeryApp: variable("CELERY_APP", text(), "The Celery application, as `celery --app` takes it."),
  celeryWorker: variable("CELERY_WORKER", flag(), "Web: run a celery worker in the same container.", {
    default: "",
  }),
  celeryBeat: variable("CELERY_BEAT", flag(), "Web: run celery beat in the same container.", { default: "" }),
  beatLock: variable(
    "DJINIT_BEAT_LOCK",
    choice("auto", "off", "redis", "database"),
    "By what one of several beats sends and the others stand by: redis, the broker's or that of the results; database, a table; auto: the broker, if it is Redis, else nothing.",
    { default: "auto" },
  ),
  tasksWorker: variable(
    "DJANGO_TASKS_WORKER",
    flag(),
    "Web: run the worker of Django's tasks in the same container.",
    { default: "" },
  ),
  celeryConcurrency: variable(
    "CELERY_CONCURRENCY",
    integerOrAuto(1, 1_024),
    "Processes of a celery worker; default 1. `auto`: as many as the container may use processors, by its quota and its cpuset.",
  ),
} as const;
