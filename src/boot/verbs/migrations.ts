import { DjinitError } from "../../base/errors.ts";
import type { OwnLog } from "../../logs/write/own-log.ts";
import { learnSchema } from "../database/knowledge.ts";
import { databaseByVariable } from "../database/steps.ts";
import { type Django, runDjango } from "../django/run.ts";
import { databaseFailure } from "../postgres/failure.ts";
import { closeSession, type Failure } from "../postgres/session.ts";
import { waitForPostgres } from "../postgres/wait.ts";
import { type Compared, compareMigrations } from "../schema/compare.ts";
import { lookAtDatabase } from "../schema/read.ts";

interface Listed extends Pick<Compared, "applied" | "pending" | "unknown"> {
  /** Django's message about a history that contradicts the migrations. */
  contradiction?: string | null;
}

/**
 * Applied, pending and unknown migrations as a table; with `json` as one object. Errors: those of the database;
 * DJINIT_HISTORY_INCONSISTENT, after the list, where Django would refuse to migrate.
 */
export async function listMigrations(django: Django, { json }: { json: boolean }): Promise<void> {
  const { contradiction, ...listed } = (await askPostgres(django)) ?? (await askDjango(django));
  const { applied, pending, unknown } = listed;
  if (json) console.log(JSON.stringify({ applied, pending, unknown }, undefined, 2));
  else print({ applied, pending, unknown });
  if (contradiction)
    throw new DjinitError(
      "DJINIT_HISTORY_INCONSISTENT",
      `cannot trust the history of the migrations: ${contradiction}`,
    );
}

function print(lists: Record<string, string[]>): void {
  console.log("STATE    MIGRATION");
  for (const [state, names] of Object.entries(lists))
    for (const name of names) console.log(`${state.padEnd(8)} ${name}`);
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
  const byVariable = databaseByVariable(config, true);
  const known = await learnSchema(
    { ...django, log: quiet },
    { byVariable, onlyIfShared: false, startsDjango: false },
  );
  if (known.kind !== "known") return undefined;
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
  const { migrations: told } = await runDjango(django, ["list-migrations"], { lock: "own" });
  if (told === undefined)
    throw new DjinitError("DJINIT_INTERNAL", "cannot list the migrations: Django has named none");
  return { ...compareMigrations(told.known, told.recorded), contradiction: told.contradiction };
}
