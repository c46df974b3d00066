import { randomBytes } from "node:crypto";
import { Client, type QueryResultRow } from "pg";
import { type Container, runContainer } from "./docker.ts";
import { eventually } from "./eventually.ts";
import { type RunContext, runContext } from "./run-context.ts";

export interface Database {
  name: string;
  /** As other containers of the run's network reach it. */
  url: string;
  /** Runs SQL from here. */
  query<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
}

// Nothing in a test database is worth a disk's wait.
const FAST = [
  "-c",
  "fsync=off",
  "-c",
  "synchronous_commit=off",
  "-c",
  "full_page_writes=off",
  "-c",
  "max_connections=400",
];

/** Starts a server of its own; the user is `postgres`. Tests that need no other share the run's. */
export async function startPostgres(
  password = "postgres",
  volumes: readonly string[] = [],
  settings: Record<string, string> = {},
): Promise<{ container: Container; server: NonNullable<RunContext["postgres"]> }> {
  const container = await runContainer({
    image: runContext().images.postgres,
    env: { POSTGRES_PASSWORD: password },
    command: [...FAST, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    publish: [5432],
    volumes,
    more: ["--tmpfs", "/dev/shm"],
  });
  const server = {
    container: container.id,
    host: container.name,
    hostPort: await container.port(5432),
    password,
  };
  await eventually(() => queryAs(server, "postgres", "select 1"), {
    what: "Postgres answers",
    timeoutMs: 30_000,
    attach: () => container.logs(),
  });
  return { container, server };
}

/** Makes an empty database on the run's server. It goes with the server, at the end of the run. */
export async function createDatabase(server = sharedServer()): Promise<Database> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  await queryAs(server, "postgres", `create database ${name}`);
  return {
    name,
    url: `postgres://postgres:${server.password}@${server.host}:5432/${name}`,
    query: (sql, values) => queryAs(server, name, sql, values),
  };
}

function sharedServer(): NonNullable<RunContext["postgres"]> {
  const { postgres } = runContext();
  if (postgres === undefined) throw new Error("cannot make a database: the run has no Postgres server");
  return postgres;
}

async function queryAs<Row extends QueryResultRow>(
  server: NonNullable<RunContext["postgres"]>,
  database: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const { hostPort, password } = server;
  const client = new Client({ host: "127.0.0.1", port: hostPort, user: "postgres", password, database });
  // A server that is stopped under an idle client is some tests' very purpose.
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Row>(sql, [...values])).rows;
  } finally {
    await client.end().catch(() => {});
  }
}
