// How the texts of the variables about logs become values. Every message completes «NAME is "text", …».
import * as v from "valibot";
import { LEVELS, type Level } from "../base/log-level.ts";
import { PROCESS_NAME } from "./procfile.ts";

export interface LogLevels {
  /** For every service without a level of its own. */
  all?: Level;
  services?: Record<string, Level>;
}

/** The Procfile's line of that name. */
export const RELEASE_LINE = "release";

/** The values of the field `service` in records. */
export const SERVICES = [
  "djinit",
  "nginx",
  "gunicorn",
  "uvicorn",
  "granian",
  "daphne",
  "hypercorn",
  "celery-worker",
  "celery-beat",
  "tasks-worker",
  "command",
  "wait-for-database",
  "migrate",
  "wait-for-migrations",
  "check-migrations",
  "collectstatic",
  "superuser",
  "manifest",
  "read-settings",
  RELEASE_LINE,
  // Of all hooks there: their records have `before-migrate/NAME`.
  "before-migrate",
  "after-migrate",
  "before-start",
];

/** `info`, `celery-worker=warn`, or several with commas. The names of processes of the project's own are seen later. */
export const levels = () =>
  v.pipe(
    v.string(),
    v.rawTransform(({ dataset: { value }, addIssue, NEVER }): LogLevels => {
      const found: LogLevels = {};
      for (const word of value.split(",").map((it) => it.trim())) {
        const [, service, name = ""] = /^(?:([^=]*)=)?(.*)$/s.exec(word) ?? [];
        const level = LEVELS.find((it) => it === name);
        const cause =
          level === undefined
            ? `where ${JSON.stringify(name)} is none of ${LEVELS.join(", ")}`
            : service !== undefined && !PROCESS_NAME.test(service)
              ? `where ${JSON.stringify(service)} is none of ${SERVICES.join(", ")}`
              : undefined;
        if (level === undefined || cause !== undefined) {
          addIssue({ message: cause ?? "" });
          return NEVER;
        }
        if (service === undefined) found.all = level;
        else found.services = { ...found.services, [service]: level };
      }
      return found;
    }),
  );

const REQUEST_RULE = /^(\/[\x21-\x7e]*|[A-Za-z0-9][\x21-\x7e]*)$/;

/** Paths, which may end with `*`, and beginnings of user agents; separated by commas. */
export const requests = () =>
  v.pipe(
    v.string(),
    v.transform((text) => text.split(",").map((word) => word.trim())),
    v.check(
      // Rules are compared with the bytes of a record, where a character that JSON escapes would never match.
      (rules) => rules.every((rule) => REQUEST_RULE.test(rule) && !/["\\]/.test(rule)),
      "which is not a list, with commas, of paths that begin with / and may end with *, and of user agents",
    ),
  );
