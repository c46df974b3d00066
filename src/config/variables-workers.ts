// How many workers there are, and when they are renewed.
import { integer, integerOrAuto, memorySize } from "./value-types.ts";
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
  celeryConcurrency: variable(
    "CELERY_CONCURRENCY",
    integerOrAuto(1, 1_024),
    "Processes of a celery worker; default 1. `auto`: as many as the container may use processors, by its quota and its cpuset.",
  ),
} as const;
