// The lock that lets one container migrate: Postgres' own, for the length of one transaction, so that it means the
// same through a pooler that gives each transaction another connection. djinit_lock.py takes the same one.
import type { Client } from "pg";

/** Below what poolers allow a transaction that does nothing, which also ends a wait for a server that has gone. */
const CHECK_PERIOD_MS = 5_000;

/** What would end a transaction that waits for Django; how soon a server notices that this container has gone. */
const SETTINGS = `
  SELECT set_config(name, wanted_value, true) FROM pg_settings JOIN (VALUES
    ('idle_in_transaction_session_timeout', '0'), ('transaction_timeout', '0'), ('statement_timeout', '0'),
    ('tcp_keepalives_idle', '10'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3')
  ) AS wanted (wanted_name, wanted_value) ON wanted_name = name`;

/** An advisory lock is the database's own. Within it two schemas are two sites, and so are two projects. */
const KEY = "hashtextextended(concat_ws(chr(31), 'djinit', current_schema(), $1::text), 0)";

/**
 * A question that takes no snapshot, and ends the one that the query before it may have kept. CREATE INDEX CONCURRENTLY
 * waits for the end of every transaction that it sees with an older snapshot, which would be the end of the lock.
 */
const ASK = "SHOW transaction_isolation";

export interface MigrationLock {
  /** Aborted, with the reason, when the session that holds it has ended. */
  lost: AbortSignal;
  /** To be called before the work begins, after the last query in its session. */
  rest(): Promise<void>;
  release(): Promise<void>;
}

/** What all containers of one project have in common: the package its settings lie in. */
export function projectOf(settingsModule: string | undefined): string {
  return settingsModule?.split(".")[0] ?? "";
}

/** The lock, with a transaction open in `client`, or undefined while another holds it. Errors: pg's own. */
export async function takeLock(client: Client, project: string): Promise<MigrationLock | undefined> {
  // Not as the database's default may be: what is read under the lock must be what is there then.
  await client.query("BEGIN ISOLATION LEVEL READ COMMITTED");
  await client.query(SETTINGS);
  const { rows } = await client.query<{ taken: boolean }>(
    `SELECT pg_try_advisory_xact_lock(${KEY}) AS taken`,
    [project],
  );
  if (rows[0]?.taken === true) return watch(client);
  await client.query("ROLLBACK");
  return undefined;
}

/** Whether nobody migrates. Any number of containers may ask at once: none of them gets in another's way. */
export async function isLockFree(client: Client, project: string): Promise<boolean> {
  const { rows } = await client.query<{ free: boolean }>(
    `SELECT pg_try_advisory_xact_lock_shared(${KEY}) AS free`,
    [project],
  );
  return rows[0]?.free === true;
}

function watch(client: Client): MigrationLock {
  const lost = new AbortController();
  const onEnd = (error?: Error): void => lost.abort(new LockLost(error?.message ?? "the server has hung up"));
  const check = setInterval(() => client.query(ASK).catch(onEnd), CHECK_PERIOD_MS);
  client.once("error", onEnd);
  client.once("end", onEnd);
  return {
    lost: lost.signal,
    rest: async () => {
      await client.query(ASK);
    },
    release: async () => {
      clearInterval(check);
      client.off("error", onEnd);
      client.off("end", onEnd);
      if (!lost.signal.aborted) await client.query("ROLLBACK");
    },
  };
}

/** Another container may have the lock by now. */
class LockLost extends Error {}
