// Every kind of pool that celery has: the worker tells that it is alive, and at a stop it finishes what it has begun.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { buildOnBase } from "../../tools/image/replaced-base.ts";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { type Redis, startRedis } from "../support/redis.ts";
import { runContext } from "../support/run-context.ts";
import { startReadyCake } from "./cake-subject.ts";
import { expectStacks } from "./dump-subject.ts";

const TAG = `djinit-test-worker-classes:${IMAGE_VERSION}`;
const FIXTURES = join(import.meta.dirname, "../fixtures");
const POOLS = [
  ["prefork", ["--pool=prefork", "--concurrency=2"]],
  ["solo", ["--pool=solo"]],
  ["threads", ["--pool=threads", "--concurrency=4"]],
  ["gevent", ["--pool=gevent", "--concurrency=4"]],
  ["eventlet", ["--pool=eventlet", "--concurrency=4"]],
  ["spawn", ["--pool-start-method=spawn", "--concurrency=2"]],
] as const;
/** Python knows the stack of the greenlet that runs. */
const HUBS: ReadonlyMap<string, RegExp> = new Map([
  ["gevent", /\/gevent\/hub\.py/],
  ["eventlet", /\/eventlet\/hubs\//],
]);

interface Report {
  seq: number;
  end: number;
  state: string;
  tasks: Record<string, Record<string, number>>;
}

let redis: Redis;
beforeAll(async () => {
  const context = join(FIXTURES, "worker-classes");
  const base = runContext().images.example;
  [redis] = await Promise.all([startRedis(), buildOnBase({ tag: TAG, context, base })]);
});
afterAll(() => redis?.container.rm());

/** The worker's last report. */
async function report(worker: Container): Promise<Report> {
  const read = JSON.parse(await worker.output(["cat", "/run/celery/celery-worker.heartbeat"])) as Report;
  if (read.seq !== read.end) throw new Error("it is being written");
  return read;
}

const wait = (worker: Container, what: string, isSo: (now: Report) => boolean) =>
  eventually(async () => isSo(await report(worker)), {
    what,
    timeoutMs: 60_000,
    attach: () => worker.logs(),
  });

describe.concurrent("a worker", () => {
  test.each(POOLS)("of %s", async (queue, words) => {
    await using worker = await startReadyCake({
      image: TAG,
      command: ["celery", "-A", "late", "worker", "-Q", queue, ...words],
      env: { BROKER_URL: redis.url, LATE: "1", PYTHONPATH: "/late", DJANGO_SETTINGS_MODULE: "" },
      volumes: [`${join(FIXTURES, "acks-late")}:/late:ro`],
      publish: [],
    });
    const { seq } = await report(worker);
    await wait(worker, "heartbeats", (now) => now.state === "connected" && now.seq >= seq + 3);

    const order = `from late import sleep; sleep.apply_async((5,), queue="${queue}")`;
    await worker.output(["python", "-c", order]);
    await worker.record("the task", ({ msg }) => msg.endsWith("task begins"));
    await wait(worker, "the count", (now) => now.tasks["late.sleep"]?.["task-started"] === 1);

    // While its task runs, which is not cut short.
    await expectStacks(worker, "celery-worker", HUBS.get(queue) ?? /\/celery\/worker\//);

    expect(await worker.stop()).toBe(0);
    const records = await worker.records();
    expect(records.filter(({ msg }) => msg.endsWith("task ends"))).toHaveLength(1);
    expect(records.filter(({ level }) => level === "error" || level === "fatal")).toEqual([]);
    expect(await redis.command("llen", queue)).toBe("0");
    expect(await redis.command("hvals", "unacked")).not.toContain(`"${queue}"`);
  });
});
