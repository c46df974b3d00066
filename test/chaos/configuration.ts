// What the subjects are told, and the deadlines that follow from it.

import { GUNICORN_WORKERS, POOL_PROCESSES } from "./process-kinds.ts";
import type { MemberName } from "./round.ts";

/** Both as they are where nobody says otherwise. */
const GRACE_PERIOD_S = 25;
const STARTUP_TIMEOUT_S = 120;
/** The longest pause before a restart: src/supervise/restart-policy.ts. */
const BACKOFF_LIMIT_MS = 10_000;
/** What the last records and the engine itself may add to the end of a container. */
const EXIT_MARGIN_MS = 2_000;
/** A task that a killed worker had in hand is handed out again after this: fixtures/app/chaos/settings.py. */
const VISIBILITY_TIMEOUT_MS = 30_000;
/** For all tasks that are queued behind it. */
const BACKLOG_MS = 30_000;

/** From the end of the fault to a container that serves again. */
export const RECOVERY_DEADLINE_MS = BACKOFF_LIMIT_MS + STARTUP_TIMEOUT_S * 1000;
/** A start with its boot: migrations of an empty database take most of it on a busy machine. */
export const START_DEADLINE_MS = 120_000;
/** A reload checks one service after the other, each for this long at most: src/supervise/reload/reload.ts. */
export const RELOAD_DEADLINE_MS = 60_000;
/** From the stop signal to the end of the container. */
export const EXIT_DEADLINE_MS = GRACE_PERIOD_S * 1000 + EXIT_MARGIN_MS;
/** From the last request that queued a task to the end of the last task. */
export const TASKS_DEADLINE_MS = VISIBILITY_TIMEOUT_MS + BACKLOG_MS;
/** Well above what an idle subject takes, and well below what `memory` asks for. */
export const MEMORY_LIMIT_MB = 700;
export const RUN_SIZE_MB = 8;

export interface Addresses {
  databaseUrl: string;
  brokerUrl: string;
}

export function environmentOf(member: MemberName, { databaseUrl, brokerUrl }: Addresses) {
  return {
    SECRET_KEY: "for-a-test",
    DATABASE_URL: databaseUrl,
    CELERY_BROKER_URL: brokerUrl,
    DJANGO_SETTINGS_MODULE: "chaos.settings",
    PYTHONPATH: "/chaos-app",
    CAKE_DEBUG_ENDPOINTS: "1",
    CAKE_BEAT_SECONDS: "1",
    WEB_CONCURRENCY: String(GUNICORN_WORKERS),
    DJINIT_GRACE_PERIOD: String(GRACE_PERIOD_S),
    DJINIT_STARTUP_TIMEOUT: String(STARTUP_TIMEOUT_S),
    // One container lives through hundreds of rounds: giving up has tests of its own.
    DJINIT_MAX_RESTARTS: "1000",
    ...(member === "all" ? { CELERY_WORKER: "1", CELERY_BEAT: "1" } : {}),
  };
}

export const COMMANDS: Record<MemberName, string[]> = {
  all: ["cake_service.wsgi:application"],
  web: ["cake_service.wsgi:application"],
  worker: ["celery", "worker", "--concurrency", String(POOL_PROCESSES)],
  beat: ["celery", "beat"],
};
