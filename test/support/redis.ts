import { type Container, runContainer } from "./docker.ts";
import { eventually } from "./eventually.ts";
import { runContext } from "./run-context.ts";

export interface Redis {
  container: Container;
  /** As other containers of the run's network reach it. */
  url: string;
  /** Runs `redis-cli` with these arguments and gives what it prints. */
  command(...args: string[]): Promise<string>;
}

/** Starts an empty Redis server. */
export async function startRedis(): Promise<Redis> {
  const container = await runContainer({ image: runContext().images.redis, publish: [] });
  const command = (...args: string[]) => container.output(["redis-cli", ...args]);
  await eventually(() => command("ping"), { what: "Redis answers", attach: () => container.logs() });
  return { container, url: `redis://${container.name}:6379/0`, command };
}
