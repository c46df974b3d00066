// Further databases that the project's routers send migrations to. djinit looks into them; Django migrates them.
import type { Client } from "pg";
import { DjinitError } from "../../base/errors.ts";
import type { Django } from "../django/run.ts";
import { closeSession } from "../postgres/session.ts";
import { type Place, waitForPostgres } from "../postgres/wait.ts";
import type { ManifestFacts } from "../schema/manifest.ts";
import { lookAtDatabase } from "../schema/read.ts";

export const DEFAULT_DATABASE = "default";

export interface OtherDatabase {
  alias: string;
  place: Place;
}

/** Those that are migrated: as DJINIT_MIGRATE_DATABASES has them, or as Django has found them. */
export function migratedDatabases({ config }: Pick<Django, "config">, facts: ManifestFacts): string[] {
  return config.migrateDatabases ?? facts.databases ?? [DEFAULT_DATABASE];
}

/** Waits for each; true if Django would have nothing to do in any. Errors: those of the waiting; the signal's reason. */
export async function areUpToDate(
  django: Django,
  facts: ManifestFacts,
  others: readonly OtherDatabase[],
): Promise<boolean> {
  const looks = await Promise.all(others.map((other) => isUpToDate(django, facts, other)));
  return looks.every((it) => it);
}

async function isUpToDate(
  { config, environment, log, observer, signal }: Django,
  facts: ManifestFacts,
  { alias, place }: OtherDatabase,
): Promise<boolean> {
  const timeoutMs = config.databaseTimeoutMs;
  const client = await waitForPostgres({ ...place, environment, timeoutMs, log, observer, signal });
  try {
    // Its schema comes from elsewhere. djinit_databases.py means the same.
    if (await isReadOnly(client)) return true;
    const { pending, seemsInconsistent } = await lookAtDatabase(client, facts);
    return pending.length === 0 && !seemsInconsistent;
  } catch (error) {
    if (error instanceof DjinitError) throw error;
    const cause = (error as Error).message;
    log.warn(
      { step: "migrate", cause },
      `cannot look for migrations in the database ${alias} without Django: ${cause}`,
    );
    return false;
  } finally {
    await closeSession(client);
  }
}

async function isReadOnly(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ transaction_read_only: string }>("SHOW transaction_read_only");
  return rows[0]?.transaction_read_only === "on";
}
