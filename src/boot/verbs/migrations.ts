import { DjinitError } from "../../base/errors.ts";
import type { OwnLog } from "../../logs/write/own-log.ts";
import { learnSchema } from "../database/knowledge.ts";
import { databaseByVariable } from "../database/steps.ts";
import { djangoEnvironment } from "../django/environment.ts";
import { type Django, runDjango } from "../django/run.ts";
import type { Hook } from "../hooks/find-hooks.ts";
import { readRanHooks } from "../hooks/ran-hooks.ts";
import type { RanHook } from "../hooks/run-hooks.ts";
import { databaseFailure } from "../postgres/failure.ts";
import { closeSession, type Failure } from "../postgres/session.ts";
import { waitForPostgres } from "../postgres/wait.ts";
import { type Compared, compareMigrations, inDatabase } from "../schema/compare.ts";
import { lookAtDatabase } from "../schema/read.ts";

interface Listed extends Pick<Compared, "applied" | "pending" | "unknown"> {
  /** Django's message about a history that contradicts the migrations. */
  contradiction?: string | null;
}

/**
 * Applied, pending and unknown migrations as a table; with `json` as one object. Errors: those of the database;
 * DJINIT_HISTORY_INCONSISTENT, after the list, where Django would refuse to migrate.
 */
export async function listMigrations(
  django: Django,
  hooks: readonly Hook[],
  { json }: { json: boolean },
): Promise<void> {
  const { contradiction, ...listed } = (await askPostgres(django)) ?? (await askDjango(django));
  const { applied, pending, unknown } = listed;
  const ofHooks = hooksListed(hooks, readRanHooks(), pending.length > 0);
  const told = { applied, pending, unknown, ...(hooks.length === 0 ? {} : { hooks: ofHooks }) };
  if (json) console.log(JSON.stringify(told, undefined, 2));
  else print({ applied, pending, unknown }, ofHooks);
  if (contradiction)
    throw new DjinitError(
      "DJINIT_HISTORY_INCONSISTENT",
      `cannot trust the history of the migrations: ${contradiction}`,
    );
}

interface ListedHook {
  hook: string;
  /** Whether the next start that migrates runs it; for before-start, the next start. */
  would_run: boolean;
  /** How long it took at this start; absent where it has not run. */
  ran_seconds?: number;
}

export function hooksListed(
  hooks: readonly Hook[],
  ran: readonly RanHook[],
  isPending: boolean,
): ListedHook[] {
  return hooks.map(({ name, point }) => {
    const seconds = ran.find(({ hook }) => hook === name)?.seconds;
    return {
      hook: name,
      would_run: point === "before-start" || isPending,
      ...(seconds === undefined ? {} : { ran_seconds: seconds }),
    };
  });
}

function print(lists: Record<string, string[]>, hooks: readonly ListedHook[]): void {
  console.log("STATE    MIGRATION");
  for (const [state, names] of Object.entries(lists))
    for (const name of names) console.log(`${state.padEnd(8)} ${name}`);
  for (const { hook, would_run, ran_seconds } of hooks) {
    const ran = ran_seconds === undefined ? "" : `, ran in ${ran_seconds} s at this start`;
    console.log(`${"hook".padEnd(8)} ${hook}: ${would_run ? "would run" : "would not run"}${ran}`);
  }
}

/** By one query; undefined without a manifest, or if Django must judge the history. */
async function askPostgres(django: Django): Promise<Listed | undefined> {
  const { config, environment, signal, log, observer } = django;
  // Not `...log`: pino's methods need their own object.
  const quiet: OwnLog = {
    debug: (fields, msg) => log.debug(fields, msg),
    info: () => {},
    warn: () => {},
    error: (fields, msg) => log.error(fields, msg),
  };
  const byVariable = databaseByVariable(
    config,
    djangoEnvironment(config, environment, django.runAsPrefix),
    true,
  );
  const known = await learnSchema(
    { ...django, log: quiet },
    { byVariable, onlyIfShared: false, startsDjango: false },
  );
  if (known.kind !== "known" || known.others.length > 0) return undefined;
  const { facts, place } = known;
  const timeoutMs = config.databaseTimeoutMs;
  const client = await waitForPostgres({ ...place, environment, timeoutMs, log: quiet, observer, signal });
  try {
    const state = await lookAtDatabase(client, facts);
    return state.seemsInconsistent ? undefined : state;
  } catch (error) {
    if (error instanceof DjinitError) throw error;
    throw databaseFailure("cannot look for migrations", error as Failure);
  } finally {
    await closeSession(client);
  }
}

async function askDjango(django: Django): Promise<Listed> {
  const { migrations } = await runDjango(django, ["list-migrations"], { lock: "own" });
  if (migrations.length === 0)
    throw new DjinitError("DJINIT_INTERNAL", "cannot list the migrations: Django has named none");
  const listed: Required<Listed> = { applied: [], pending: [], unknown: [], contradiction: null };
  for (const { database, known, recorded, contradiction } of migrations) {
    const compared = compareMigrations(known, recorded);
    for (const list of ["applied", "pending", "unknown"] as const)
      listed[list].push(...compared[list].map((name) => inDatabase(name, database)));
    listed.contradiction ??= contradiction;
  }
  return listed;
}
