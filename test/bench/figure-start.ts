import { createDatabase } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import { BENCH_IMAGES } from "./bench-images.ts";
import type { Comparison, Goal } from "./comparison.ts";
import { measureInTurn } from "./pairs.ts";
import { usedByAllSeconds } from "./processor-time.ts";
import { migrate, settledEnv, startWeb } from "./web-container.ts";

const PASSWORD = "bench-password";

interface Start {
  totalMs: number;
  insideMs: number;
  /** Of all the container's processes. */
  processorMs: number;
}

const atMost = (limit: number): Goal => ({
  text: `at most ${limit.toFixed(2)} of it`,
  isMet: ({ ratio }) => ratio.median <= limit,
});

const GOALS: Record<string, Goal> = {
  "empty database, superuser asked for": atMost(0.75),
  "migrated database, superuser there": atMost(0.5),
};

/** `docker run` → first 200: an empty database, a migrated one, and nothing to do but to start the services. */
export async function measureStart(pairs: number): Promise<Comparison[]> {
  const settled = (await createDatabase()).url;
  await migrate(settled, PASSWORD);
  const cases = {
    "empty database, superuser asked for": async () => ({
      DATABASE_URL: (await createDatabase()).url,
      SUPERUSER_PASSWORD: PASSWORD,
    }),
    "migrated database, superuser there": async () => ({
      DATABASE_URL: settled,
      SUPERUSER_PASSWORD: PASSWORD,
    }),
    "no migrations, no superuser": async () => settledEnv(settled),
  };
  const comparisons: Comparison[] = [];
  for (const [name, env] of Object.entries(cases)) {
    const { a, b } = await measureInTurn(
      `start, ${name}`,
      pairs,
      async () => timeStart(runContext().images.example, await env()),
      async () => timeStart(BENCH_IMAGES.seed, await env()),
    );
    const goal = GOALS[name];
    comparisons.push({
      ...compare(`docker run → first 200, ${name}`, a, b, "totalMs"),
      ...(goal && { goal }),
    });
    comparisons.push(compare(`start of PID 1 → first 200, ${name}`, a, b, "insideMs"));
  }
  // All that djinit does against nothing of it: the price of a boot that has nothing to do.
  const { a, b } = await measureInTurn(
    "start, migrated database against the seed without migrations",
    pairs,
    async () =>
      timeStart(runContext().images.example, { DATABASE_URL: settled, SUPERUSER_PASSWORD: PASSWORD }),
    async () => timeStart(BENCH_IMAGES.seed, settledEnv(settled)),
  );
  const other = "seed, SKIP_MIGRATIONS, no superuser";
  comparisons.push({
    ...compare("docker run → first 200, migrated database, superuser there", a, b, "totalMs"),
    other,
    goal: atMost(1.08),
  });
  // What the machine does beside takes no part in it.
  comparisons.push({
    ...compare("processor time until the first 200, migrated", a, b, "processorMs"),
    other,
  });
  return comparisons;
}

async function timeStart(image: string, env: Record<string, string>): Promise<Start> {
  const { container, ...times } = await startWeb(image, env);
  const processorMs = (await usedByAllSeconds(container)) * 1000;
  await container.rm();
  return { ...times, processorMs };
}

function compare(what: string, a: readonly Start[], b: readonly Start[], field: keyof Start): Comparison {
  const seconds = (starts: readonly Start[]) => starts.map((start) => start[field] / 1000);
  return {
    what,
    unit: "s",
    other: "seed",
    djinitSamples: seconds(a),
    otherSamples: seconds(b),
  };
}
