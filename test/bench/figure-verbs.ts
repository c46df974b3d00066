import { type Container, runContainer } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { createDatabase } from "../support/postgres.ts";
import { startRedis } from "../support/redis.ts";
import { runContext } from "../support/run-context.ts";
import { BENCH_IMAGES } from "./bench-images.ts";
import type { Comparison, Goal } from "./comparison.ts";
import { measureInTurn } from "./pairs.ts";
import { processorMs } from "./processor-time.ts";
import { migrate, settledEnv, startWeb } from "./web-container.ts";

/** One call is too short to be measured alone. */
const CALLS_A_SAMPLE = 5;

const VERBS = [
  "status",
  "health",
  "logs",
  "config",
  "scale gunicorn 1",
  "reload",
  "restart nginx",
  // Two calls, since one undoes the other.
  "stop nginx && djinit start nginx",
  "version",
  "help",
];
/** The same questions to supervisord, as near as it has them. */
const SUPERVISORCTL = "/opt/supervisor/bin/supervisorctl --configuration /etc/supervisord.conf status";
/** How a worker is asked without djinit. */
const INSPECT = "celery --app cake_service inspect ping --timeout 5";

const below150: Goal = { text: "less than 150 ms", isMet: ({ djinit }) => djinit.median < 150 };

/** Processor time of each verb, and of asking a celery worker whether it lives, against the ways there are without it. */
export async function measureVerbs(pairs: number): Promise<Comparison[]> {
  const { djinit, supervisord, worker, end } = await startAll();
  const comparisons: Comparison[] = [];
  for (const verb of VERBS) {
    const { a, b } = await measureInTurn(
      `djinit ${verb}`,
      pairs,
      () => processorMs(djinit, `djinit ${verb}`, CALLS_A_SAMPLE),
      () => processorMs(supervisord, SUPERVISORCTL, CALLS_A_SAMPLE),
    );
    comparisons.push({
      what: `\`djinit ${verb}\`, processor time a call`,
      unit: "ms",
      other: "supervisorctl status",
      djinitSamples: a,
      otherSamples: b,
      goal: below150,
    });
  }
  const { a, b } = await measureInTurn(
    "celery worker",
    pairs,
    () => processorMs(worker, "djinit health", CALLS_A_SAMPLE),
    () => processorMs(worker, INSPECT, CALLS_A_SAMPLE),
  );
  comparisons.push({
    what: "health check of a celery worker, processor time a call",
    unit: "ms",
    other: "celery inspect ping",
    djinitSamples: a,
    otherSamples: b,
    goal: below150,
  });
  await end();
  return comparisons;
}

interface Subjects {
  djinit: Container;
  supervisord: Container;
  worker: Container;
  end(): Promise<void>;
}

async function startAll(): Promise<Subjects> {
  const { url } = await createDatabase();
  await migrate(url, "bench-password");
  const redis = await startRedis();
  const { images } = runContext();
  const [djinit, supervisord] = await Promise.all([
    startWeb(images.example, settledEnv(url)),
    startWeb(BENCH_IMAGES.supervisord, settledEnv(url)),
  ]);
  const worker = await runContainer({
    image: images.example,
    env: { SECRET_KEY: "bench", CELERY_BROKER_URL: redis.url },
    command: ["celery", "worker"],
    publish: [],
    more: ["--no-healthcheck"],
  });
  await eventually(async () => (await worker.exec(["djinit", "health"])).ok, {
    what: "the worker is ready",
    timeoutMs: 30_000,
  });
  const containers = [djinit.container, supervisord.container, worker, redis.container];
  return {
    djinit: djinit.container,
    supervisord: supervisord.container,
    worker,
    end: async () => void (await Promise.all(containers.map((container) => container.rm()))),
  };
}
