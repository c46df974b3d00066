import { databaseKind } from "../plan/database-kind.ts";
import { type Compared, compareMigrations } from "./compare-migrations.ts";
import { lookAtDatabase } from "./look-at-database.ts";
import { findManifest } from "./manifest.ts";
import { closeSession } from "./postgres-session.ts";
import { type Django, djangoEnvironment, runDjango } from "./run-django.ts";
import { waitForPostgres } from "./wait-for-postgres.ts";

type Listed = Pick<Compared, "applied" | "pending" | "unknown">;

/** Applied, pending and unknown migrations as a table; with --json as one object. Errors: those of the database. */
export async function listMigrations(django: Django, options: readonly string[]): Promise<void> {
  const { applied, pending, unknown } = (await askPostgres(django)) ?? (await askDjango(django));
  if (options.includes("--json")) {
    console.log(JSON.stringify({ applied, pending, unknown }, undefined, 2));
    return;
  }
  const states = Object.entries({ applied, pending, unknown });
  console.log("STATE    MIGRATION");
  for (const [state, names] of states) for (const name of names) console.log(`${state.padEnd(8)} ${name}`);
}

/** By one query, where there is a manifest to compare with. */
async function askPostgres({
  config,
  environment,
  dropWords,
  signal,
  log,
}: Django): Promise<Listed | undefined> {
  const url = config.migrationsDatabaseUrl ?? config.databaseUrl;
  const variable = url === config.migrationsDatabaseUrl ? "MIGRATIONS_DATABASE_URL" : "DATABASE_URL";
  if (url === undefined || databaseKind(url) !== "postgres") return undefined;
  const { manifest } = findManifest(djangoEnvironment(config, environment, dropWords));
  if (manifest === undefined || manifest.facts.needs_django.length > 0) return undefined;
  const quiet = { ...log, info: () => {} };
  const client = await waitForPostgres({
    url,
    variable,
    timeoutMs: config.databaseTimeoutMs,
    log: quiet,
    signal,
  });
  try {
    return await lookAtDatabase(client, manifest.facts);
  } finally {
    await closeSession(client);
  }
}

async function askDjango(django: Django): Promise<Listed> {
  let told: Parameters<typeof compareMigrations> | undefined;
  const onMigrations = (...given: Parameters<typeof compareMigrations>): void => {
    told = given;
  };
  await runDjango({ ...django, onMigrations }, ["list-migrations"], { lock: "own" });
  return compareMigrations(...(told ?? [[], []]));
}
