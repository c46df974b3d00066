import { Client } from "pg";
import { type Container, runContainer } from "./docker.ts";
import { eventually } from "./eventually.ts";
import type { Database } from "./postgres.ts";
import { runContext } from "./run-context.ts";

export interface Pooler {
  container: Container;
  /** The URL of `database` through the pooler, for other containers. */
  urlOf(database: Database): string;
  /** A session through the pooler, from here. Whoever asked for it ends it. */
  connect(database: Database): Promise<Client>;
}

/** Starts PgBouncer in transaction mode before the run's Postgres, with so many connections to it. */
export async function startPgbouncer(poolSize: number): Promise<Pooler> {
  const { postgres } = runContext();
  if (postgres === undefined) throw new Error("cannot start PgBouncer: the run has no Postgres server");
  const container = await runContainer({
    image: runContext().images.pgbouncer,
    env: {
      PGBOUNCER_HOST: postgres.host,
      PGBOUNCER_POOL_SIZE: String(poolSize),
      POSTGRES_PASSWORD: postgres.password,
    },
    publish: [5432],
  });
  const port = await container.port(5432);
  const connect = async (database: string): Promise<Client> => {
    const client = new Client({ host: "127.0.0.1", port, user: "postgres", password: "x", database });
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  await eventually(async () => (await connect("postgres")).end(), {
    what: "PgBouncer answers",
    attach: () => container.logs(),
  });
  return {
    container,
    urlOf: ({ name }) => `postgres://postgres:x@${container.name}:5432/${name}`,
    connect: ({ name }) => connect(name),
  };
}
