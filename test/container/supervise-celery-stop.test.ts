import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { createDatabase } from "../support/postgres.ts";
import { type Process, processTable } from "../support/proc.ts";
import { type Redis, startRedis } from "../support/redis.ts";
import { mainPid, startReadyCake } from "./cake-subject.ts";

let redis: Redis;
let env: Record<string, string>;
let web: Container;

beforeAll(async () => {
  const [database, broker] = await Promise.all([createDatabase(), startRedis()]);
  redis = broker;
  env = { DATABASE_URL: database.url, CELERY_BROKER_URL: redis.url };
  web = await startReadyCake({ env });
});
afterAll(() => Promise.all([web, redis?.container].map((container) => container?.rm())));

// What a test has left in the queue is not for the next one's worker.
afterEach(() => redis.command("flushall"));

const startWorker = () => startReadyCake({ env, command: ["celery", "worker"], publish: [] });
const isBaked = ({ msg }: { msg: string }) => /\bcake \d+ is baked/.test(msg);

/** Orders a cake that takes `seconds`, and waits until a worker has begun. */
async function beginTask(worker: Container, seconds: number): Promise<void> {
  const path = `/api/cakes/1/bake/?seconds=${seconds}`;
  const answer = await http(await web.url(path), { method: "POST" });
  const { task_id } = JSON.parse(answer.text) as { task_id: string };
  await worker.record("the task", ({ msg }) => msg.includes(task_id) && msg.includes("received"));
}

async function bakeCount(): Promise<number> {
  const { cakes } = JSON.parse((await http(await web.url("/api/cakes/"))).text) as {
    cakes: { id: number; bake_count: number }[];
  };
  return cakes.find(({ id }) => id === 1)?.bake_count ?? 0;
}

test("a task that runs when TERM comes is finished, once, and the worker ends with 0", async () => {
  const before = await bakeCount();
  await using worker = await startWorker();
  await beginTask(worker, 5);
  expect(await worker.stop()).toBe(0);
  const records = await worker.records();
  expect(records.filter(isBaked)).toHaveLength(1);
  expect(records.filter(({ level }) => level === "error" || level === "fatal")).toEqual([]);
  expect(await bakeCount()).toBe(before + 1);
  // Nothing is left for another worker to do again.
  expect(await redis.command("llen", "celery")).toBe("0");
  expect(await redis.command("hlen", "unacked")).toBe("0");
});

test("only celery's main process is signalled: its pool does not hear of TERM", async () => {
  await using worker = await startWorker();
  const main = await mainPid(worker, "celery-worker");
  await beginTask(worker, 3);
  const pool = (await processTable(worker)).filter(({ ppid }) => ppid === main);
  await worker.signal("TERM");
  await worker.record("the shutdown", ({ msg }) => /warm shutdown/i.test(msg));
  const alive = (table: readonly Process[]) => table.filter(({ pid }) => pool.some((it) => it.pid === pid));
  expect(alive(await processTable(worker))).toHaveLength(pool.length);
  expect(await worker.wait()).toBe(0);
  expect((await worker.records()).filter(isBaked)).toHaveLength(1);
});

test("control: TERM to the whole group kills the pool, and the task is not finished", async () => {
  await using worker = await startWorker();
  const main = await mainPid(worker, "celery-worker");
  await beginTask(worker, 3);
  await worker.output(["/bin/kill", "-TERM", "--", `-${main}`]);
  await worker.record("a new start", ({ msg }) => msg.startsWith("celery-worker ended with status"));
  expect((await worker.records()).filter(isBaked)).toHaveLength(0);
});

test("QUIT ends it without waiting for the task", async () => {
  await using worker = await startWorker();
  await beginTask(worker, 60);
  const startedMs = performance.now();
  await worker.signal("QUIT");
  expect(await worker.wait()).toBe(0);
  expect(performance.now() - startedMs).toBeLessThan(8_000);
  expect((await worker.records()).filter(isBaked)).toHaveLength(0);
});

test("USR1 is for a worker too: it dumps its stacks and works on", async () => {
  await using worker = await startWorker();
  await worker.record("its readiness", ({ msg }) => /^celery@\w+ ready\.$/.test(msg));
  await worker.signal("USR1");
  await worker.record(
    "the stacks",
    ({ service, msg }) => service === "celery-worker" && msg.includes("MainThread"),
  );
  await worker.signal("TTIN");
  await worker.record("the refusal", ({ signal, level }) => signal === "SIGTTIN" && level === "warn");
  await beginTask(worker, 0);
  await eventually(async () => (await worker.records()).some(isBaked), {
    what: "it is baked",
    timeoutMs: 20_000,
  });
});
