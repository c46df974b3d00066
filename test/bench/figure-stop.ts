import { setTimeout as delay } from "node:timers/promises";
import type { Container } from "../support/docker.ts";
import { createDatabase } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import { BENCH_IMAGES } from "./bench-images.ts";
import type { Comparison, Goal } from "./comparison.ts";
import { measureInTurn } from "./pairs.ts";
import { migrate, settledEnv, startWeb } from "./web-container.ts";

/** After its first answer a container still has things to finish. */
const IDLE_MS = 1_000;
/** Nothing is to be drained: who takes as long as this was killed. */
const LIMIT_MS = 30_000;
const GOAL = 1.1;

/** `docker stop` of a web container that does nothing. */
export async function measureStop(pairs: number): Promise<Comparison[]> {
  const { url } = await createDatabase();
  await migrate(url, "bench-password");
  const stopOf = (image: string) => async () => {
    const { container } = await startWeb(image, settledEnv(url));
    await delay(IDLE_MS);
    const seconds = await timeStop(container);
    await container.rm();
    return seconds;
  };
  const { a, b } = await measureInTurn(
    "stop",
    pairs,
    stopOf(runContext().images.example),
    stopOf(BENCH_IMAGES.seed),
  );
  const goal: Goal = { text: `≤ ${GOAL} × the other`, isMet: ({ ratio }) => ratio.median <= GOAL };
  return [{ what: "docker stop, idle", unit: "s", other: "seed", djinitSamples: a, otherSamples: b, goal }];
}

async function timeStop(container: Container): Promise<number> {
  const startedMs = performance.now();
  const status = await container.stop(LIMIT_MS / 1000);
  const tookMs = performance.now() - startedMs;
  if (status !== 0) throw new Error(`cannot stop ${container.name} in order: it ended with status ${status}`);
  return tookMs / 1000;
}
