// A task that does not end within the grace period: what is not acknowledged goes back to the queue before the kill.
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { type Redis, startRedis } from "../support/redis.ts";
import { startReadyCake } from "./cake-subject.ts";

const FIXTURE = join(import.meta.dirname, "../fixtures/acks-late");

let redis: Redis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis?.container.rm());
afterEach(() => redis.command("flushall"));

const inQueue = () => redis.command("llen", "celery");
const unacknowledged = () => redis.command("hlen", "unacked");

/** A worker that is busy for ten minutes. */
async function startBusy(late: "0" | "1", ...words: string[]): Promise<Container> {
  const worker = await startReadyCake({
    command: ["celery", "-A", "late", "worker", ...words],
    env: {
      BROKER_URL: redis.url,
      LATE: late,
      PYTHONPATH: "/late",
      DJANGO_SETTINGS_MODULE: "",
      DJINIT_GRACE_PERIOD: "8",
    },
    volumes: [`${FIXTURE}:/late:ro`],
    publish: [],
  });
  await worker.output(["python", "-c", "from late import sleep; sleep.delay(600)"]);
  await worker.record("the task", ({ msg }) => msg === "task begins");
  return worker;
}

test("with acks_late the message is in the queue again when the container has ended", async () => {
  await using worker = await startBusy("1");
  await worker.signal("TERM");
  expect(await worker.wait()).toBe(137);
  expect([await inQueue(), await unacknowledged()]).toEqual(["1", "0"]);
  const records = await worker.records();
  expect(records.filter(({ code }) => code === "DJINIT_GRACE_PERIOD_EXCEEDED")).toMatchObject([
    { targets: ["celery-worker"], signal: "SIGQUIT" },
  ]);
  expect(records.some(({ msg }) => msg.startsWith("Restoring 1 unacknowledged message"))).toBe(true);
});

test("without it the task is over, and nothing is left for another worker to do again", async () => {
  await using worker = await startBusy("0");
  await worker.signal("TERM");
  expect(await worker.wait()).toBe(137);
  expect([await inQueue(), await unacknowledged()]).toEqual(["0", "0"]);
});

test("a pool without processes is not asked: it would take the task for failed, and acknowledge it", async () => {
  await using worker = await startBusy("1", "--pool=solo");
  await worker.signal("TERM");
  expect(await worker.wait()).toBe(137);
  // The broker gives it back after its own timeout.
  expect([await inQueue(), await unacknowledged()]).toEqual(["0", "1"]);
});
