// Stop after stop of a celery worker whose tasks outlive the grace period: each task is done, and done once.
// DJINIT_TEST_CELERY_STOPS=100 npm run test:container -- test/container/supervise-celery-stops.test.ts
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { type Redis, startRedis } from "../support/redis.ts";
import { startCake, startReadyCake } from "./cake-subject.ts";

const VOLUMES = [`${join(import.meta.dirname, "../fixtures/celery-stops")}:/stops:ro`];
/** In all; a run of a hundred takes seven minutes. */
const STOPS = Number(process.env.DJINIT_TEST_CELERY_STOPS ?? 4);
const CONCURRENCY = 2;
const GRACE_PERIOD_S = 14;
/** Of every other task: they end while the worker drains, or at the very moment of the last call. */
const SHORTEST_S = 4;
const LONGEST_S = 12;
const TASKS_A_STOP = 8;
const LIMIT_MS = 60_000;

/** `SOFT`: the seconds of celery's own soft shutdown. */
const KINDS = [
  ["warm", { SOFT: "0" }],
  ["warm, with a soft shutdown after it", { SOFT: "2" }],
  ["warm, with a soft shutdown that outlasts the grace period", { SOFT: "60" }],
  ["soft from its first signal", { SOFT: "60", REMAP_SIGTERM: "SIGQUIT" }],
] as const;

const brokers: Redis[] = [];
afterAll(() => Promise.all(brokers.map(({ container }) => container.rm())));

interface Life {
  status: number;
  /** What the record of the exceeded grace period names. */
  named: string[];
  /** Begun in this life and not done, when the container had ended. */
  cut: string[];
}

const envOf = ({ url }: Redis) => ({ BROKER_URL: url, PYTHONPATH: "/stops", DJANGO_SETTINGS_MODULE: "" });

function startWorker(redis: Redis, env: Record<string, string>): Promise<Container> {
  return startReadyCake({
    command: ["celery", "-A", "stops", "worker"],
    env: {
      ...envOf(redis),
      CELERY_CONCURRENCY: String(CONCURRENCY),
      DJINIT_GRACE_PERIOD: String(GRACE_PERIOD_S),
      ...env,
    },
    volumes: VOLUMES,
    publish: [],
  });
}

async function counts(redis: Redis, key: string): Promise<Map<string, number>> {
  const words = (await redis.command("hgetall", key)).split("\n");
  const map = new Map<string, number>();
  for (let at = 0; at + 1 < words.length; at += 2) map.set(words[at] as string, Number(words[at + 1]));
  return map;
}

const begunSince = (before: Map<string, number>, now: Map<string, number>) =>
  [...now].filter(([name, times]) => times > (before.get(name) ?? 0)).map(([name]) => name);

/** One worker, from its start to its end; it is stopped while its tasks run, `afterMs` after it has begun them. */
async function live(redis: Redis, env: Record<string, string>, afterMs: number): Promise<Life> {
  const before = await counts(redis, "begun");
  await using worker = await startWorker(redis, env);
  const begunNow = async () => begunSince(before, await counts(redis, "begun"));
  await eventually(async () => (await begunNow()).length >= CONCURRENCY, {
    what: "tasks run",
    timeoutMs: LIMIT_MS,
    attach: () => worker.logs(),
  });
  await delay(afterMs);
  await worker.signal("TERM");
  const status = await worker.wait();
  const records = await worker.records();
  const exceeded = records.filter(({ code }) => code === "DJINIT_GRACE_PERIOD_EXCEEDED");
  expect(exceeded.filter(({ signal }) => signal !== "SIGQUIT")).toEqual([]);
  const named = exceeded.flatMap(({ tasks }) => (tasks as string[] | undefined) ?? []);
  const done = await counts(redis, "done");
  const cut = (await begunNow()).filter((name) => !done.has(name));
  return { status, named, cut };
}

describe.concurrent("celery's tasks over many stops", () => {
  test.each(KINDS)("%s: none is lost, none is done twice", { timeout: 900_000 }, async (kind, env) => {
    const stops = Math.ceil(STOPS / KINDS.length);
    const seed = KINDS.findIndex(([it]) => it === kind) + 1;
    const redis = await startRedis();
    brokers.push(redis);
    const total = stops * TASKS_A_STOP;
    await using orders = await startCake({
      command: ["python", "-c", `import stops; stops.order(${total}, ${seed}, ${SHORTEST_S}, ${LONGEST_S})`],
      env: { ...envOf(redis), SOFT: "0" },
      volumes: VOLUMES,
      publish: [],
    });
    expect(await orders.wait()).toBe(0);
    let cuts = 0;
    for (let stop = 0; stop < stops; stop += 1) {
      const life = await live(redis, env, (stop * 337) % 1500);
      cuts += life.cut.length;
      // A soft shutdown that begins with the stop is celery's own, and names nothing.
      if (!("REMAP_SIGTERM" in env))
        for (const name of life.cut) expect(life.named.join()).toContain(`[${name}]`);
    }
    await using last = await startWorker(redis, { FAST: "1" });
    await eventually(async () => (await redis.command("hlen", "done")) === String(total), {
      what: "all tasks are done",
      timeoutMs: LIMIT_MS,
      attach: async () => JSON.stringify([...(await counts(redis, "begun"))]),
    });
    expect(await last.stop()).toBe(0);
    const done = await counts(redis, "done");
    expect([...done].filter(([, times]) => times !== 1)).toEqual([]);
    expect([await redis.command("llen", "celery"), await redis.command("hlen", "unacked")]).toEqual([
      "0",
      "0",
    ]);
    // Else the stops have shown nothing.
    expect(cuts).toBeGreaterThan(0);
    console.log(`${kind}: ${stops} stops: ${total} tasks done once, ${cuts} of them cut and begun again`);
  });
});
