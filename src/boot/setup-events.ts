// What docker/usr/local/lib/djinit/djinit_setup.py reports.
import type { ErrorCode } from "../base/errors.ts";
import { DjinitError } from "../base/errors.ts";
import type { OwnLog } from "../logs/own-log.ts";
import type { StepName } from "../plan/plan.ts";

interface PythonError {
  type: string;
  message: string;
  stack: string;
}

export type SetupEvent =
  | { event: "step-started"; step: StepName }
  | { event: "step-finished"; step: StepName; seconds: number }
  | { event: "step-failed"; step: StepName; message?: string; error?: PythonError }
  | { event: "settings-failed"; error: PythonError }
  | { event: "waiting"; cause: string }
  | { event: "migrating"; migration: string }
  | { event: "migrated"; migration: string; seconds: number; fake: boolean }
  | { event: "superuser-exists"; username: string }
  | { event: "superuser-created"; username: string };

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
  collectstatic: "DJINIT_COLLECTSTATIC_FAILED",
  superuser: "DJINIT_SUPERUSER_FAILED",
};

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
      ...(error === undefined ? {} : { error }),
    },
  });
}

function oneLine({ type, message }: PythonError): string {
  return `${type.split(".").at(-1)}: ${message.split("\n")[0]}`;
}
