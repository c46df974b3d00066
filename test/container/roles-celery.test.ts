import { afterAll, beforeAll, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { createDatabase } from "../support/postgres.ts";
import { processTable } from "../support/proc.ts";
import { type Redis, startRedis } from "../support/redis.ts";
import { mainPid, startCake, startReadyCake } from "./cake-subject.ts";
import { startProject } from "./project-subject.ts";

let redis: Redis;
let env: Record<string, string>;
let web: Container;
let worker: Container;
let beat: Container;

beforeAll(async () => {
  const [database, broker] = await Promise.all([createDatabase(), startRedis()]);
  redis = broker;
  env = {
    DATABASE_URL: database.url,
    CELERY_BROKER_URL: redis.url,
    CAKE_BAKE_SECONDS: "0.1",
    CAKE_BEAT_SECONDS: "1",
  };
  web = await startReadyCake({ env });
  [worker, beat] = await Promise.all([
    startReadyCake({ env, command: ["celery", "worker"], publish: [] }),
    startReadyCake({ env, command: ["celery", "beat"], publish: [] }),
  ]);
});
afterAll(() => Promise.all([web, worker, beat, redis?.container].map((container) => container?.rm())));

interface Cake {
  id: number;
  bake_count: number;
}

async function cakes(): Promise<Cake[]> {
  return (JSON.parse((await http(await web.url("/api/cakes/"))).text) as { cakes: Cake[] }).cakes;
}

/** The words a celery was started with, behind its own name. */
async function celeryWords(container: Container, service: string): Promise<string[]> {
  const pid = await mainPid(container, service);
  const { argv = [] } = (await processTable(container)).find((process) => process.pid === pid) ?? {};
  return argv.slice(argv.findIndex((word) => word.endsWith("/celery")) + 1);
}

test("a cake that is ordered at a web container is baked by a worker container", async () => {
  const [cake] = await cakes();
  const answer = await http(await web.url(`/api/cakes/${cake?.id}/bake/`), { method: "POST" });
  expect(answer.status).toBe(202);
  await eventually(
    async () => (await cakes()).find(({ id }) => id === cake?.id)?.bake_count === (cake?.bake_count ?? 0) + 1,
    { what: "it is baked", timeoutMs: 20_000, attach: () => worker.logs() },
  );
  const record = await worker.record("the worker's word", ({ msg }) => /cake \d+ is baked/.test(msg));
  expect(record).toMatchObject({ service: "celery-worker", level: "info", process: "ForkPoolWorker-1" });
});

test("beat beats: the count goes up by itself", async () => {
  const count = async () =>
    (JSON.parse((await http(await web.url("/api/beats/"))).text) as { count: number }).count;
  const before = await count();
  await eventually(async () => (await count()) >= before + 2, { what: "two beats more", timeoutMs: 20_000 });
  await beat.record(
    "beat's word",
    ({ service, msg }) => service === "celery-beat" && msg.includes("Sending"),
  );
});

test("a worker has one process for tasks unless told otherwise, and works in the application's directory", async () => {
  expect(await celeryWords(worker, "celery-worker")).toEqual(
    "--app cake_service worker --concurrency 1 --loglevel INFO".split(" "),
  );
  const pid = await mainPid(worker, "celery-worker");
  const table = await processTable(worker);
  expect(table.filter(({ ppid }) => ppid === pid)).toHaveLength(1);
  expect(table.find((process) => process.pid === pid)).toMatchObject({ user: "django", group: "django" });
  expect(await worker.output(["readlink", `/proc/${pid}/cwd`], { user: "django" })).toBe("/app");
  expect(table.map(({ user }) => user).filter((user) => user === "root")).toEqual([]);
});

test("beat keeps its schedule in /run/celery", async () => {
  expect(await beat.output(["sh", "-c", "stat -c %U /run/celery/celerybeat-schedule*"])).toMatch(/^django/);
});

test("any other celery command runs with the application, in its directory, and its status is the container's", async () => {
  const run = (...words: string[]) => startCake({ env, command: ["celery", ...words], publish: [] });
  const [ping, bad, report] = await Promise.all([
    run("inspect", "ping"),
    run("inspect", "no-such-thing"),
    run("report"),
  ]);
  expect(await ping.wait()).toBe(0);
  expect(await ping.stdout()).toContain("pong");
  expect(await bad.wait()).not.toBe(0);
  expect(await report.wait()).toBe(0);
  expect(await report.stdout()).toContain("software -> celery:");
  await Promise.all([ping, bad, report].map((container) => container.rm()));
});

test("deprecated variables are honoured, with a warning each", async () => {
  await using old = await startCake({
    env: {
      ...env,
      CELERY_BROKER_URL: "redis://nowhere.invalid:6379/0",
      CELERY_BROKER: redis.url,
      CELERY_LOGLEVEL: "debug",
      CELERY_CONCURRENCY: "2",
    },
    command: ["celery", "worker", "--hostname", "old@%h"],
    publish: [],
  });
  await old.record("a connection", ({ msg }) => /^old@\w+ ready\.$/.test(msg));
  expect(await celeryWords(old, "celery-worker")).toEqual([
    ...["--app", "cake_service"],
    ...["worker", "--concurrency", "2", "--loglevel", "debug", "--hostname", "old@%h"],
  ]);
  const warned = (await old.records()).filter(({ msg }) => msg.includes("is deprecated"));
  expect(warned.map(({ level, variable }) => [level, variable])).toEqual([["warn", "CELERY_LOGLEVEL"]]);
});

test("CELERY_BROKER is the broker, whatever the application's configuration says, and no process shows it", async () => {
  const own = `from celery import Celery
app = Celery("own")
app.conf.broker_url = "redis://nowhere.invalid:6379/0"
`;
  await using container = await startProject({
    command: ["celery", "worker"],
    files: { "/app/own.py": own },
    env: { PYTHONPATH: "/app", CELERY_APP: "own", CELERY_BROKER: redis.url },
  });
  await container.record("a connection", ({ msg }) => msg.startsWith("Connected to redis://"), 60_000);
  const words = (await processTable(container)).flatMap(({ argv }) => argv);
  expect(words.filter((word) => word.includes("redis://"))).toEqual([]);
});

test("a worker or beat whose application nobody names is a clear error", async () => {
  for (const word of ["worker", "beat"]) {
    await using lost = await startCake({
      env: { ...env, CELERY_APP: "" },
      command: ["celery", word],
      publish: [],
    });
    expect(await lost.wait()).toBe(78);
    expect(await lost.records()).toMatchObject([{ code: "DJINIT_BAD_CONFIGURATION" }]);
  }
});
