// The queries of settle.ts in a Postgres session.
import type { Client } from "pg";
import type { Django } from "../django/run.ts";
import { hasRoom } from "../postgres/room.ts";
import { closeSession } from "../postgres/session.ts";
import { isLockFree, type MigrationLock, onRelease, projectOf, takeLock } from "../schema/lock.ts";
import type { ManifestFacts } from "../schema/manifest.ts";
import { type DatabaseState, type LookedFor, lookAtDatabase } from "../schema/read.ts";

/** Errors of each: pg's own. */
export interface SchemaSession {
  look(): Promise<DatabaseState>;
  /** True if no container migrates. */
  isLockFree(): Promise<boolean>;
  /** Undefined while another container holds it. */
  takeLock(): Promise<MigrationLock | undefined>;
  /** Whether it may stay open during a pause. `onRelease` is called meanwhile when another container lets go of the lock. */
  mayStay(onRelease: () => void): Promise<boolean>;
  close(): Promise<void>;
}

export function schemaSession(
  client: Client,
  facts: ManifestFacts,
  config: Django["config"],
  lookedFor: LookedFor,
): SchemaSession {
  const project = projectOf(config.settingsModule);
  let told: (() => void) | undefined;
  let hasBeenTold = false;
  return {
    look: () => lookAtDatabase(client, facts, lookedFor),
    isLockFree: () => {
      hasBeenTold = false;
      return isLockFree(client, project);
    },
    takeLock: () => takeLock(client, project),
    mayStay: async (callback) => {
      if (!(await hasRoom(client))) return false;
      const isFirst = told === undefined;
      told = callback;
      const onTold = (): void => {
        hasBeenTold = true;
        told?.();
      };
      if (isFirst) await onRelease(client, onTold);
      // After the look at the lock, and before somebody waited for it.
      if (hasBeenTold) callback();
      return true;
    },
    close: () => closeSession(client),
  };
}
