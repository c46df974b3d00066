import { Client } from "pg";
import type { Database } from "./postgres.ts";
import { runContext } from "./run-context.ts";

/** Holds the lock that djinit takes to migrate a database for a project, until it is disposed of. */
export async function holdLock({ name }: Database, project: string): Promise<AsyncDisposable> {
  const { postgres } = runContext();
  if (postgres === undefined) throw new Error("cannot take a lock: the run has no Postgres server");
  const { hostPort, password } = postgres;
  const client = new Client({
    host: "127.0.0.1",
    port: hostPort,
    user: "postgres",
    password,
    database: name,
  });
  await client.connect();
  await client.query("begin");
  await client.query(
    "select pg_advisory_xact_lock(hashtextextended(concat_ws(chr(31), 'djinit', current_schema(), $1::text), 0))",
    [project],
  );
  let isHeld = true;
  return {
    [Symbol.asyncDispose]: async () => {
      if (isHeld) await client.end();
      isHeld = false;
    },
  };
}
