// The queries of settle.ts in a Postgres session.
import type { Client } from "pg";
import type { Django } from "../django/run.ts";
import { closeSession } from "../postgres/session.ts";
import { isLockFree, type MigrationLock, projectOf, takeLock } from "../schema/lock.ts";
import type { ManifestFacts } from "../schema/manifest.ts";
import { type DatabaseState, lookAtDatabase } from "../schema/read.ts";

/** Errors of each: pg's own. */
export interface SchemaSession {
  look(): Promise<DatabaseState>;
  /** True if no container migrates. */
  isLockFree(): Promise<boolean>;
  /** Undefined while another container holds it. */
  takeLock(): Promise<MigrationLock | undefined>;
  close(): Promise<void>;
}

export function schemaSession(
  client: Client,
  facts: ManifestFacts,
  { config, findsSuperuser }: { config: Django["config"]; findsSuperuser: boolean },
): SchemaSession {
  const project = projectOf(config.settingsModule);
  return {
    look: () => lookAtDatabase(client, facts, findsSuperuser ? config : undefined),
    isLockFree: () => isLockFree(client, project),
    takeLock: () => takeLock(client, project),
    close: () => closeSession(client),
  };
}
