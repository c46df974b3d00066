// What docker/usr/local/lib/djinit/djinit_setup.py reports.
import type { ErrorCode } from "../base/errors.ts";
import { DjinitError } from "../base/errors.ts";
import type { OwnLog } from "../logs/own-log.ts";
import type { StepName } from "../plan/plan.ts";
import type { Recorded } from "./compare-migrations.ts";
import type { ManifestFacts } from "./manifest.ts";

interface PythonError {
  type: string;
  message: string;
  stack: string;
}

export type SetupEvent =
  | { event: "step-started"; step: StepName }
  | { event: "step-finished"; step: StepName; seconds: number }
  | { event: "step-failed"; step: StepName; message?: string; pending?: string[]; error?: PythonError }
  | { event: "settings-failed"; error: PythonError }
  | { event: "waiting"; cause: string }
  | { event: "nothing-pending" }
  | { event: "lock-waited-for" }
  | { event: "lock-missing" }
  | { event: "lock-timeout"; cause: string; seconds: number }
  | { event: "migrations-waited-for"; pending: string[] }
  | { event: "manifest"; facts: unknown }
  | { event: "migrations"; known: ManifestFacts["migrations"]; recorded: Recorded[] }
  | { event: "manifest-failed"; error: PythonError }
  | { event: "migrating"; migration: string }
  | { event: "migrated"; migration: string; seconds: number; fake: boolean }
  | { event: "superuser-exists"; username: string }
  | { event: "superuser-created"; username: string };

/** In one record. */
export const MOST_NAMES = 20;
const RECORD_SEPARATOR = "\u001e";

/** The event a line carries, or undefined if it is a line of Django's or the project's own. */
export function readEvent(line: string): SetupEvent | undefined {
  if (!line.startsWith(RECORD_SEPARATOR)) return undefined;
  try {
    return JSON.parse(line.slice(1)) as SetupEvent;
  } catch {
    return undefined;
  }
}

export const STEP_ERROR_CODES: Record<StepName, ErrorCode> = {
  "wait-for-database": "DJINIT_DATABASE_UNAVAILABLE",
  migrate: "DJINIT_MIGRATION_FAILED",
  "wait-for-migrations": "DJINIT_SCHEMA_BEHIND",
  "check-migrations": "DJINIT_SCHEMA_BEHIND",
  manifest: "DJINIT_MANIFEST_FAILED",
  "list-migrations": "DJINIT_MIGRATION_FAILED",
  collectstatic: "DJINIT_COLLECTSTATIC_FAILED",
  superuser: "DJINIT_SUPERUSER_FAILED",
};

/** Said once, however the lock is taken. */
export function logLockWait(log: OwnLog): void {
  log.info({ step: "migrate" }, "waiting: another container migrates this database");
}

/** Said once, however the migrations are looked for. */
export function logSchemaWait(log: OwnLog, pending: readonly string[]): void {
  log.info(
    { step: "wait-for-migrations", pending: pending.slice(0, MOST_NAMES) },
    `waiting for ${pending.length} migrations that another container is to apply`,
  );
}

/** A rollback: the image is older than the schema. That is for its operator to know, not a reason to stop. */
export function warnOfNewerSchema(log: OwnLog, ahead: readonly string[]): void {
  if (ahead.length === 0) return;
  const names = ahead.slice(0, MOST_NAMES);
  log.warn(
    { step: "migrate", unknown: names },
    `the database has ${ahead.length} migrations that this image does not know: ${names.join(", ")}; going on with a schema that is newer`,
  );
}

/** Logs progress; returns the error that a failed step stands for. */
export function takeEvent(
  event: SetupEvent,
  migration: string | undefined,
  log: OwnLog,
): DjinitError | undefined {
  switch (event.event) {
    case "step-started":
      log.debug({ step: event.step }, `step ${event.step} started`);
      return undefined;
    case "step-finished":
      log.info(
        { step: event.step, seconds: event.seconds },
        `step ${event.step} finished in ${event.seconds} s`,
      );
      return undefined;
    case "waiting":
      log.info({ step: "wait-for-database", cause: event.cause }, `waiting for the database: ${event.cause}`);
      return undefined;
    case "migrating":
    case "manifest":
    case "migrations":
      return undefined;
    case "nothing-pending":
      log.info({ step: "migrate" }, "no migration is pending");
      return undefined;
    case "lock-waited-for":
      logLockWait(log);
      return undefined;
    case "lock-missing":
      log.warn(
        { step: "migrate" },
        "this database has no lock: no two containers may migrate it at the same time",
      );
      return undefined;
    case "lock-timeout":
      log.warn(
        { service: "migrate", cause: event.cause, ...(migration === undefined ? {} : { migration }) },
        `stepped back from ${migration ?? "a migration"}, since another session holds a lock that it needs; next try in ${event.seconds} s`,
      );
      return undefined;
    case "migrations-waited-for":
      logSchemaWait(log, event.pending);
      return undefined;
    case "manifest-failed":
      log.warn(
        { step: "manifest", error: event.error },
        `cannot make the manifest: ${oneLine(event.error)}; each start of this container will start Django to look for migrations`,
      );
      return undefined;
    case "migrated":
      log.info(
        { service: "migrate", migration: event.migration, seconds: event.seconds },
        `${event.migration} ${event.fake ? "faked" : "applied"} in ${event.seconds} s`,
      );
      return undefined;
    case "superuser-exists":
      log.info({ step: "superuser", username: event.username }, `superuser ${event.username} exists already`);
      return undefined;
    case "superuser-created":
      log.info({ step: "superuser", username: event.username }, `superuser ${event.username} created`);
      return undefined;
    case "settings-failed":
      return new DjinitError(
        "DJINIT_SETTINGS_FAILED",
        `cannot load the Django settings: ${oneLine(event.error)}`,
        {
          fields: { error: event.error },
        },
      );
    case "step-failed":
      return stepFailure(event, migration);
  }
}

function stepFailure(
  event: Extract<SetupEvent, { event: "step-failed" }>,
  migration: string | undefined,
): DjinitError {
  const { step, error } = event;
  const failing = step === "migrate" ? migration : undefined;
  const what = failing === undefined ? `finish step ${step}` : `apply migration ${failing}`;
  const message = event.message ?? `cannot ${what}: ${error === undefined ? "unknown" : oneLine(error)}`;
  return new DjinitError(STEP_ERROR_CODES[step], message, {
    fields: {
      step,
      ...(failing === undefined ? {} : { migration: failing }),
      ...(event.pending === undefined ? {} : { pending: event.pending.slice(0, MOST_NAMES) }),
      ...(error === undefined ? {} : { error }),
    },
  });
}

function oneLine({ type, message }: PythonError): string {
  return `${type.split(".").at(-1)}: ${message.split("\n")[0]}`;
}
