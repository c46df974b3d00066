// When gunicorn's workers are renewed.
import { integer, memorySize } from "./value-types.ts";
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
} as const;
