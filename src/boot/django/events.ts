// What the log says about the reports of the Django half.
import type { DjinitError } from "../../base/errors.ts";
import type { OwnLog } from "../../logs/write/own-log.ts";
import type { BootObserver } from "../facts.ts";
import type { TimedEvent } from "./event-schemas.ts";
import { MOST_NAMES, oneLine, settingsFailure, stepFailure } from "./failure.ts";

export const LOCK_WAIT = "another container migrates this database";

/** Logged once, whether djinit or Django takes the lock. */
export function logLockWait(log: OwnLog): void {
  log.info({ step: "migrate" }, `waiting: ${LOCK_WAIT}`);
}

/** Logged once, whether djinit or Django looks for the migrations. */
export function logSchemaWait(log: OwnLog, pending: readonly string[]): void {
  log.info(
    { step: "wait-for-migrations", pending: pending.slice(0, MOST_NAMES) },
    `waiting for ${schemaWait(pending)}`,
  );
}

export function schemaWait(pending: readonly string[]): string {
  return `${pending.length} migrations that another container is to apply`;
}

/** After a rollback the image is older than the schema. The operator should know, but the start goes on. */
export function warnOfNewerSchema(log: OwnLog, ahead: readonly string[]): void {
  if (ahead.length === 0) return;
  const names = ahead.slice(0, MOST_NAMES);
  log.warn(
    { step: "migrate", unknown: names },
    `the database has ${ahead.length} migrations that this image does not know: ${names.join(", ")}; going on with a schema that is newer`,
  );
}

/** Passes the events to the observer, for metrics and progress. */
export function observeEvent(event: TimedEvent, observer: BootObserver): void {
  switch (event.event) {
    case "step-started":
      return observer.onStepStarted(event.step);
    case "waiting":
      return observer.onWaiting(event.cause);
    case "lock-waited-for":
      return observer.onWaiting(LOCK_WAIT);
    case "migrations-waited-for":
      return observer.onWaiting(schemaWait(event.pending));
    case "step-finished":
      return observer.onStep({ step: event.step, seconds: event.seconds });
    case "migrations-pending":
      return observer.onPending(event.count);
    case "migrating":
      return observer.onMigrating(event.migration);
    case "migrated":
      return observer.onMigrated(1);
    case "site":
      return observer.onSite(event.facts);
  }
}

/** Logs progress; returns the error that a failed step stands for. */
export function takeEvent(
  event: TimedEvent,
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
      log.info(
        { step: "wait-for-database", database: event.database, cause: event.cause },
        `waiting for database ${event.database}: ${event.cause}`,
      );
      return undefined;
    case "program-started":
    case "django-started":
    case "site":
    case "finished":
    case "migrations-pending":
    case "hooks":
    case "migrating":
    case "manifest":
    case "migrations":
    case "settings":
      return undefined;
    case "nothing-pending":
      log.info({ step: "migrate" }, "no migration is pending");
      return undefined;
    case "no-database":
      log.info({}, "the settings name no database: none is waited for, and nothing is migrated");
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
      log.info(
        { step: "superuser", username: event.username },
        `superuser ${event.username} exists already: its password was not changed`,
      );
      return undefined;
    case "superuser-created":
      log.info({ step: "superuser", username: event.username }, `superuser ${event.username} created`);
      return undefined;
    case "settings-failed":
      return settingsFailure(event);
    case "step-failed":
      return stepFailure(event, migration);
  }
}
