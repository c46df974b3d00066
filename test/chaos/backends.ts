// The real Postgres and Redis of one lane.
import type { Container } from "../support/container.ts";
import { runContainer } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { startPostgres } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import type { Addresses } from "./configuration.ts";

export interface Backends extends Addresses {
  database: Container;
  broker: Container;
  remove(): Promise<void>;
}

export async function startBackends(): Promise<Backends> {
  const [{ container: database, server }, broker] = await Promise.all([startPostgres(), startBroker()]);
  return {
    database,
    broker,
    databaseUrl: `postgres://postgres:${server.password}@${server.host}:5432/postgres`,
    brokerUrl: `redis://${broker.name}:6379/0`,
    remove: async () => {
      await Promise.all([database.rm(), broker.rm()]);
    },
  };
}

/** Unlike the tests' usual one it writes everything down: what was queued survives its restart. */
async function startBroker(): Promise<Container> {
  const broker = await runContainer({
    image: runContext().images.redis,
    command: ["--appendonly", "yes", "--appendfsync", "no"],
    publish: [],
  });
  await eventually(() => broker.output(["redis-cli", "ping"]), { what: "Redis answers" });
  return broker;
}
