import { afterAll, beforeAll, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { processTable } from "../support/proc.ts";
import { statusOf } from "../support/records.ts";
import { mainPid, positionOf, startCake, startReadyCake } from "./cake-subject.ts";

let cake: Container;
beforeAll(async () => {
  cake = await startReadyCake({
    env: { CELERY_WORKER: "1", CELERY_BEAT: "1", CAKE_BEAT_SECONDS: "1", CAKE_BAKE_SECONDS: "0.1" },
  });
});
afterAll(() => cake?.rm());

async function json<T>(path: string): Promise<T> {
  return JSON.parse((await http(await cake.url(path))).text) as T;
}

test("with nothing but SECRET_KEY web, worker and beat run in one container", async () => {
  const { services } = JSON.parse(await cake.output(["djinit", "status", "--json"])) as {
    services: { service: string; state: string; ready: boolean }[];
  };
  expect(services.map(({ service, state, ready }) => [service, state, ready])).toEqual(
    ["gunicorn", "nginx", "celery-worker", "celery-beat"].map((service) => [service, "running", true]),
  );
});

test("a cake is baked and beats are counted", async () => {
  expect((await http(await cake.url("/api/cakes/1/bake/"), { method: "POST" })).status).toBe(202);
  await eventually(
    async () => {
      const { cakes } = await json<{ cakes: { id: number; bake_count: number }[] }>("/api/cakes/");
      return cakes.some(({ bake_count }) => bake_count > 0);
    },
    { what: "a cake is baked", timeoutMs: 20_000, attach: () => cake.logs() },
  );
  await eventually(async () => (await json<{ count: number }>("/api/beats/")).count >= 2, {
    what: "two beats",
    timeoutMs: 20_000,
  });
});

test("beside web the worker runs its tasks in its own process, with PID files in /run/celery", async () => {
  const [worker, beat] = await Promise.all([mainPid(cake, "celery-worker"), mainPid(cake, "celery-beat")]);
  const table = await processTable(cake);
  const argv = table.find(({ pid }) => pid === worker)?.argv ?? [];
  expect(argv).toEqual(
    expect.arrayContaining(["--pool=solo", "--pidfile", "/run/celery/worker.pid", "--concurrency", "1"]),
  );
  expect(table.filter(({ ppid }) => ppid === worker)).toEqual([]);
  const files = await cake.output([
    "sh",
    "-c",
    "cd /run/celery; stat -c %U worker.pid; cat worker.pid beat.pid",
  ]);
  expect(files.split("\n")).toEqual(["django", String(worker), String(beat)]);
});

test("the port opens only when the application is ready: no 502 at the start", async () => {
  const records = await cake.records();
  expect(positionOf(records, "gunicorn is ready")).toBeLessThan(positionOf(records, "nginx started"));
  expect(records.filter((record) => statusOf(record) === 502)).toEqual([]);
});

test("CELERY_WORKER without CELERY_APP is a clear error before anything starts", async () => {
  await using lost = await startCake({ env: { CELERY_WORKER: "1", CELERY_APP: "" }, publish: [] });
  expect(await lost.wait()).toBe(78);
  const [record, ...others] = await lost.records();
  expect(others).toEqual([]);
  expect(record).toMatchObject({ code: "DJINIT_BAD_CONFIGURATION", service: "djinit", level: "error" });
  expect(JSON.stringify(record)).toContain("CELERY_WORKER is set but CELERY_APP is not");
});

test("all of it stops cleanly, and beat and worker are asked at once with nginx", async () => {
  expect(await cake.stop()).toBe(0);
  const records = await cake.records();
  expect(records.at(-1)).toMatchObject({ service: "djinit", exit_status: 0 });
  expect(records.filter(({ level }) => level === "error" || level === "fatal")).toEqual([]);
});
