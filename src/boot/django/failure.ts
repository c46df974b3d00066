// Which error a failure in the Django half stands for: the step's own, or that of its cause.
import { DjinitError, type ErrorCode } from "../../base/errors.ts";
import type { StepName } from "../../plan/plan.ts";
import type { Blame, PythonError, SetupEvent } from "./event-schemas.ts";
import { type ModulePlace, sayWhereElse } from "./missing-module.ts";

/** Of names in one record. */
export const MOST_NAMES = 20;
/** Characters of an exception's message in a sentence; `error` has all of it. */
const MOST_WORDS = 300;

const STEP_CODES: Record<StepName, ErrorCode> = {
  "wait-for-database": "DJINIT_DATABASE_UNAVAILABLE",
  migrate: "DJINIT_MIGRATE_STEP_FAILED",
  "wait-for-migrations": "DJINIT_MIGRATE_STEP_FAILED",
  "check-migrations": "DJINIT_MIGRATE_STEP_FAILED",
  manifest: "DJINIT_MANIFEST_FAILED",
  "list-migrations": "DJINIT_MIGRATE_STEP_FAILED",
  "read-settings": "DJINIT_SETTINGS_FAILED",
  collectstatic: "DJINIT_COLLECTSTATIC_FAILED",
  superuser: "DJINIT_SUPERUSER_FAILED",
};

const BLAME_CODES: Record<Blame, ErrorCode> = {
  forbidden: "DJINIT_DATABASE_FORBIDDEN",
  login: "DJINIT_DATABASE_REFUSED_LOGIN",
  unavailable: "DJINIT_DATABASE_UNAVAILABLE",
  unusable: "DJINIT_DATABASE_UNUSABLE",
  history: "DJINIT_HISTORY_INCONSISTENT",
  settings: "DJINIT_SETTINGS_FAILED",
  limit: "DJINIT_SPAWN_FAILED",
  lock: "DJINIT_MIGRATE_STEP_FAILED",
};

/** The step's own code. DJINIT_MIGRATION_FAILED needs a migration to name. */
export function codeOf(step: StepName, migration: string | undefined): ErrorCode {
  return step === "migrate" && migration !== undefined ? "DJINIT_MIGRATION_FAILED" : STEP_CODES[step];
}

export function stepFailure(
  { step, kind, message, pending, variable, error }: Extract<SetupEvent, { event: "step-failed" }>,
  migration: string | undefined,
): DjinitError {
  const failing = step === "migrate" ? migration : undefined;
  const what = failing === undefined ? `finish step ${step}` : `apply migration ${failing}`;
  const text = message ?? `cannot ${what}: ${error === undefined ? "unknown" : oneLine(error)}`;
  const own = pending === undefined ? codeOf(step, failing) : "DJINIT_SCHEMA_BEHIND";
  return new DjinitError(kind ? BLAME_CODES[kind] : own, text, {
    fields: {
      step,
      ...(failing === undefined ? {} : { migration: failing }),
      ...(variable === undefined ? {} : { variable }),
      ...(pending === undefined ? {} : { pending: pending.slice(0, MOST_NAMES) }),
      ...(error === undefined ? {} : { error }),
    },
  });
}

export function settingsFailure({
  kind,
  error,
}: Extract<SetupEvent, { event: "settings-failed" }>): DjinitError {
  const code = kind === "limit" ? BLAME_CODES[kind] : "DJINIT_SETTINGS_FAILED";
  return new DjinitError(code, `cannot load the Django settings: ${oneLine(error)}`, { fields: { error } });
}

/** The first line alone may be no more than «1 validation error for Settings» (pydantic). */
export function oneLine({ type, message }: PythonError): string {
  const words = message.replaceAll(/\s*\n\s*/g, " ");
  const shown = words.length > MOST_WORDS ? `${words.slice(0, MOST_WORDS)}…` : words;
  return `${type.split(".").at(-1)}: ${shown}`;
}

/** Of a file. A database has permissions of its own, and users. */
const CLOSED = /PermissionError|\[Errno 13\]/;
const MISSING_MODULE = /ModuleNotFoundError: No module named '([^'.]+)/;

/** The directory and the user of a step. */
export interface StepPlace extends ModulePlace {
  user: string;
}

/** The error, with what of its place it depends on: a file may be closed to one user and open to another. */
export function withPlace(error: DjinitError, { user, ...place }: StepPlace): DjinitError {
  const { type = "", message = "" } = (error.fields["error"] ?? {}) as Partial<PythonError>;
  let text = error.message;
  if (CLOSED.test(`${text} ${type} ${message}`)) text += ` (as user ${user})`;
  const missing = MISSING_MODULE.exec(text)?.[1];
  if (missing !== undefined) text += sayWhereElse(missing, place);
  return new DjinitError(error.code, text, { cause: error.cause, fields: { ...error.fields, user } });
}
