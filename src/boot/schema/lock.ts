// The lock that lets one container migrate. It is a lock of a Postgres transaction, so it works through a pooler that gives
// each transaction another connection. djinit_lock.py takes the same lock.
import type { Client, QueryConfig } from "pg";

/** Shorter than the idle time that poolers allow a transaction. A query also notices a dead server. */
const CHECK_PERIOD_MS = 5_000;
/**
 * A server that stands still for this long still has the lock: a database that is moved, a pooler that pauses. What it has given to
 * another container by then it says when it goes on. Ending a migration for less would throw its work away.
 */
const CHECK_TIMEOUT_MS = 120_000;

/** Switches off timeouts that would end the waiting transaction, and lets the server notice a dead container soon. */
const SETTINGS = `
  SELECT set_config(name, wanted_value, true) FROM pg_settings JOIN (VALUES
    ('idle_in_transaction_session_timeout', '0'), ('transaction_timeout', '0'), ('statement_timeout', '0'),
    ('tcp_keepalives_idle', '10'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3')
  ) AS wanted (wanted_name, wanted_value) ON wanted_name = name`;

/** Advisory locks are local to a database. Two schemas in it are two sites, and so are two projects. */
const KEY = "hashtextextended(concat_ws(chr(31), 'djinit', current_schema(), $1::text), 0)";

/**
 * A statement without a snapshot, which also drops the snapshot of the query before it. CREATE INDEX CONCURRENTLY waits for
 * every transaction with an older snapshot, and so would wait for this lock for ever.
 */
const ASK = "SHOW transaction_isolation";

/** Who waits in an open session is woken by it, and looks. Whoever ends without a word is found out by the next look. */
const CHANNEL = "djinit_migrated";

export interface MigrationLock {
  /** Aborted, with the reason, when the session ends. */
  lost: AbortSignal;
  /** To be called after the last query of the session, before the work begins. */
  rest(): Promise<void>;
  release(): Promise<void>;
}

/** All containers of a project share the package of the settings. */
export function projectOf(settingsModule: string | undefined): string {
  return settingsModule?.split(".")[0] ?? "";
}

/** The lock, with a transaction open in `client`; undefined while another container holds it. Errors: pg's own. */
export async function takeLock(client: Client, project: string): Promise<MigrationLock | undefined> {
  // Whatever the database's default is: queries under the lock must see the present state.
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

/** Whether no container migrates. Any number of containers may ask at once. */
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
  let isAsked = false;
  const ask = async (): Promise<void> => {
    if (isAsked) return;
    isAsked = true;
    // pg takes the client's own limit, of a few seconds, where a query has none.
    await client.query({ text: ASK, query_timeout: CHECK_TIMEOUT_MS } as QueryConfig).catch(onEnd);
    isAsked = false;
  };
  const check = setInterval(ask, CHECK_PERIOD_MS);
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
      if (lost.signal.aborted) return;
      await client.query("ROLLBACK");
      // Some servers that speak Postgres' language have none.
      await client.query(`NOTIFY ${CHANNEL}`).catch(() => {});
    },
  };
}

/** Calls back whenever a container lets go of the lock, as long as the session is open. Where that is not told, nothing happens. */
export async function onRelease(client: Client, callback: () => void): Promise<void> {
  client.on("notification", callback);
  await client.query(`LISTEN ${CHANNEL}`).catch(() => {});
}

/** Another container may hold the lock by now. */
class LockLost extends Error {}
