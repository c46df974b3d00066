// What the boot does before the services of an invocation.
import type { Config, MigrationMode } from "../config/variables.ts";
import { databaseKind } from "./database-kind.ts";
import type { BootPlan, StepName } from "./plan.ts";
import type { Invocation } from "./role.ts";
import { isAboutSchema } from "./words/schema-command.ts";

const SCHEMA_STEPS: Record<MigrationMode, StepName[]> = {
  run: ["migrate"],
  wait: ["wait-for-migrations"],
  check: ["check-migrations"],
  skip: [],
};

export function planBoot(invocation: Invocation, config: Config): BootPlan {
  const { half, role } = invocation;
  if (half === "nginx")
    return { ownMedia: false, steps: [], onlyIfShared: false, nginx: true, application: false };
  const waits = role === "worker" || role === "beat" || role === "tasks" || role === "process";
  const saysNothing = config.migrations === undefined && !config.skipMigrations;
  const web = role === "web";
  const prepares = web || role === "release";
  const steps: StepName[] = [...SCHEMA_STEPS[migrationMode(invocation, config)]];
  if (prepares && config.runCollectstatic) steps.push("collectstatic");
  if (prepares && config.superuserPassword !== undefined) steps.push("superuser");
  if (needsDatabase(invocation, steps, config)) steps.unshift("wait-for-database");
  const onlyIfShared = waits && saysNothing && config.databaseUrl === undefined && steps.length > 0;
  return { ownMedia: web, steps, onlyIfShared, nginx: web && half === undefined, application: web };
}

/** DJINIT_MIGRATIONS, or what is right for the role. A command of the user's own waits where it is told to, and changes nothing. */
function migrationMode(invocation: Invocation, config: Config): MigrationMode {
  const { role, args, celery } = invocation;
  if (looksOnly(invocation) || (role === "process" && isAboutSchema(args))) return "skip";
  if (role === "command") {
    const mayWait = celery === undefined && !isAboutSchema(args);
    return mayWait && (config.migrations === "wait" || config.migrations === "check")
      ? config.migrations
      : "skip";
  }
  if (config.migrations !== undefined) return config.migrations;
  if (config.skipMigrations) return "skip";
  if (role === "web" || role === "release") return "run";
  // Celery without Django would wait for ever. So would celery with an SQLite file: no other container has that file.
  if (config.settingsModule === undefined) return "skip";
  return databaseKind(config.databaseUrl) === "file" ? "skip" : "wait";
}

/** flower and its like look at the broker, and at nothing of the project's. */
function looksOnly({ role, celery }: Invocation): boolean {
  return role === "process" && celery !== undefined;
}

function needsDatabase(invocation: Invocation, steps: readonly StepName[], config: Config): boolean {
  const mayDoWithout = invocation.role === "command" || looksOnly(invocation);
  if (config.databaseTimeoutMs === 0 || (mayDoWithout && steps.length === 0)) return false;
  return config.databaseUrl !== undefined || steps.some((step) => step !== "collectstatic");
}
