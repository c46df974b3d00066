// The rows of the table about how long the boot waits. Part of variables.ts.
import { seconds } from "./value-types.ts";
import { variable } from "./variable.ts";

export const DEADLINE_VARIABLES = {
  databaseTimeoutMs: variable(
    "DJINIT_DATABASE_TIMEOUT",
    seconds(0, 3_600),
    "How long to wait for the database; 0: do not wait.",
    {
      default: "60",
    },
  ),
  migrateTimeoutMs: variable(
    "DJINIT_MIGRATE_TIMEOUT",
    seconds(1, 86_400),
    "Deadline of the step migrate, and of waiting for another container that migrates.",
    {
      default: "3600",
    },
  ),
  collectstaticTimeoutMs: variable(
    "DJINIT_COLLECTSTATIC_TIMEOUT",
    seconds(1, 86_400),
    "Deadline of the step collectstatic.",
    {
      default: "600",
    },
  ),
  superuserTimeoutMs: variable(
    "DJINIT_SUPERUSER_TIMEOUT",
    seconds(1, 3_600),
    "Deadline of the step superuser.",
    {
      default: "60",
    },
  ),
  hookTimeoutMs: variable(
    "DJINIT_HOOK_TIMEOUT",
    seconds(1, 86_400),
    "Deadline of each hook (/etc/djinit/hooks), and of the Procfile's release line.",
    { default: "600" },
  ),
} as const;
