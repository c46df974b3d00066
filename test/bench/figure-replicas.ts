import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { createContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { http } from "../support/http.ts";
import { createDatabase } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import { BENCH_IMAGES } from "./bench-images.ts";
import type { Comparison } from "./comparison.ts";
import { measureInTurn } from "./pairs.ts";
import { freePort, migrate, settledEnv } from "./web-container.ts";

const REPLICAS = 10;
const PASSWORD = "bench-password";
/** Seldom enough that asking ten of them takes little from what is measured. */
const POLL_PERIOD_MS = 25;
const TIMEOUT_MS = 120_000;
/** Of /proc/stat. */
const TICKS_A_SECOND = 100;

interface Replica {
  image: string;
  env: Record<string, string>;
}

interface Start {
  /** From the call of `docker start` to the moment when the last one has answered 200. */
  seconds: number;
  /** What the processors of the whole machine did meanwhile: the engine's work and the database's are part of a start. */
  processorSeconds: number;
  /** How many containers applied any migration. */
  leaders: number;
  /** How many waited for the lock. */
  waiters: number;
}

/**
 * Ten replicas at once, on an empty database and on a migrated one, against one replica alone; and against ten of the seed that
 * have nothing to do but to serve, for what this machine needs for ten of anything.
 */
export async function measureReplicas(pairs: number): Promise<Comparison[]> {
  const empty = await measureInTurn(
    "10 replicas, empty database",
    pairs,
    async () => startTogether(REPLICAS, djinit((await createDatabase()).url)),
    async () => startTogether(1, djinit((await createDatabase()).url)),
  );
  const { url } = await createDatabase();
  await migrate(url, PASSWORD);
  const migrated = await measureInTurn(
    "10 replicas, migrated database",
    pairs,
    () => startTogether(REPLICAS, djinit(url)),
    () => startTogether(1, djinit(url)),
  );
  const idle = await measureInTurn(
    "10 replicas, the seed without migrations",
    pairs,
    () => startTogether(REPLICAS, djinit(url)),
    () => startTogether(REPLICAS, { image: BENCH_IMAGES.seed, env: settledEnv(url) }),
  );
  // A database of its own each time: it may be migrated by nobody before.
  const served = await measureInTurn(
    "10 replicas, empty database, the seed without migrations",
    pairs,
    async () => startTogether(REPLICAS, djinit((await createDatabase()).url)),
    () => startTogether(REPLICAS, { image: BENCH_IMAGES.seed, env: settledEnv(url) }),
  );
  refuse(empty.a, ({ leaders }) => leaders !== 1, "another number than one has applied migrations");
  refuse(served.a, ({ leaders }) => leaders !== 1, "another number than one has applied migrations");
  refuse(migrated.a, ({ leaders, waiters }) => leaders + waiters > 0, "a lock was taken");
  const secondsOf = (starts: readonly Start[]) => starts.map(({ seconds }) => seconds);
  return [
    {
      what: "10 replicas at once, empty database: the last one serves",
      unit: "s",
      other: "one replica alone",
      djinitSamples: secondsOf(empty.a),
      otherSamples: secondsOf(empty.b),
      goal: { text: "at most 2.0 of it", isMet: ({ ratio }) => ratio.median <= 2 },
    },
    {
      what: "10 replicas at once, migrated database: the last one serves",
      unit: "s",
      other: `10 × the processor time of one alone / ${availableParallelism()} processors`,
      djinitSamples: secondsOf(migrated.a),
      otherSamples: migrated.b.map(limitOf),
      goal: { text: "at most 1.3 of it", isMet: ({ ratio }) => ratio.median <= 1.3 },
    },
    {
      what: "10 replicas at once, migrated database, again",
      unit: "s",
      other: "10 of the seed, SKIP_MIGRATIONS, no superuser",
      djinitSamples: secondsOf(idle.a),
      otherSamples: secondsOf(idle.b),
    },
    {
      what: "10 replicas at once, empty database, again",
      unit: "s",
      other: "10 of the seed, SKIP_MIGRATIONS, no superuser",
      djinitSamples: secondsOf(served.a),
      otherSamples: secondsOf(served.b),
      goal: { text: "at most 1.25 of it", isMet: ({ ratio }) => ratio.median <= 1.25 },
    },
    // Of the whole machine: what it does beside takes part in it.
    {
      what: "the same, processor time",
      unit: "s",
      other: "10 of the seed, SKIP_MIGRATIONS, no superuser",
      djinitSamples: served.a.map(({ processorSeconds }) => processorSeconds),
      otherSamples: served.b.map(({ processorSeconds }) => processorSeconds),
    },
  ];
}

/** No sooner than the processors can do the work of all of them, nor than one alone is ready. */
function limitOf({ seconds, processorSeconds }: Start): number {
  return Math.max(seconds, (REPLICAS * processorSeconds) / availableParallelism());
}

function refuse(starts: readonly Start[], isWrong: (start: Start) => boolean, what: string): void {
  const wrong = starts.filter(isWrong);
  if (wrong.length > 0) throw new Error(`cannot use this measurement: ${what}\n${JSON.stringify(wrong)}`);
}

function djinit(databaseUrl: string): Replica {
  return {
    image: runContext().images.example,
    env: { DATABASE_URL: databaseUrl, SUPERUSER_PASSWORD: PASSWORD },
  };
}

async function startTogether(count: number, { image, env }: Replica): Promise<Start> {
  // Known before: to ask the engine for it again and again would take the processors from what is measured.
  const ports = await Promise.all(Array.from({ length: count }, freePort));
  const containers = await Promise.all(
    ports.map((port) =>
      createContainer({
        image,
        env: { SECRET_KEY: "bench", WEB_CONCURRENCY: "1", ...env },
        publish: [],
        more: ["--publish", `127.0.0.1:${port}:8000`],
      }),
    ),
  );
  try {
    const [busy, startedMs] = [busySeconds(), performance.now()];
    // One command each: a single one starts them one after the other.
    await Promise.all(containers.map(({ id }, at) => startAndAsk(id, ports[at] as number)));
    const seconds = (performance.now() - startedMs) / 1000;
    const processorSeconds = busySeconds() - busy;
    const logs = await Promise.all(containers.map((container) => container.logs()));
    const countOf = (text: RegExp) => logs.filter((log) => text.test(log)).length;
    return {
      seconds,
      processorSeconds,
      leaders: countOf(/ applied in /),
      waiters: countOf(/another container migrates/),
    };
  } finally {
    await Promise.all(containers.map((container) => container.rm()));
  }
}

async function startAndAsk(id: string, port: number): Promise<void> {
  await docker("start a replica", ["start", id]);
  await answers(port);
}

/** Resolves at the first 200. Errors: none within two minutes. */
async function answers(port: number): Promise<void> {
  const deadlineMs = performance.now() + TIMEOUT_MS;
  while (performance.now() < deadlineMs) {
    try {
      if ((await http(`http://127.0.0.1:${port}/`, { timeoutMs: 30_000 })).status === 200) return;
    } catch {
      // Not started, or nobody listens yet.
    }
    await delay(POLL_PERIOD_MS);
  }
  throw new Error(`cannot get an answer at port ${port} within ${TIMEOUT_MS / 1000} s`);
}

/** User, nice, system, irq, softirq and steal are work; idle and iowait are none. */
function busySeconds(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (
    readFileSync("/proc/stat", "utf8").split("\n", 1)[0] ?? ""
  )
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq) / TICKS_A_SECOND;
}
