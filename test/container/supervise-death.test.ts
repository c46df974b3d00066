import { afterAll, beforeAll, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { processTable } from "../support/proc.ts";
import { childrenOf, mainPid, serves, startReadyCake } from "./cake-subject.ts";

let cake: Container;
beforeAll(async () => {
  cake = await startReadyCake({ env: { CELERY_WORKER: "1", CELERY_BEAT: "1", CAKE_BEAT_SECONDS: "1" } });
});
afterAll(() => cake?.rm());

const kill = (pid: number) => cake.output(["kill", "-9", String(pid)], { user: "root" });

/** Kills a service's main process and waits for the next. Gives the PIDs of the old family and the new main PID. */
async function killMain(service: string): Promise<{ family: number[]; next: number }> {
  const main = await mainPid(cake, service);
  const children = await childrenOf(cake, main);
  await kill(main);
  const next = await eventually(
    async () => {
      const pid = await mainPid(cake, service);
      if (pid === main) throw new Error("it is still the old one");
      return pid;
    },
    { what: `a new ${service}`, timeoutMs: 20_000, attach: () => cake.logs() },
  );
  return { family: [main, ...children.map(({ pid }) => pid)], next };
}

async function allGone(pids: readonly number[]): Promise<void> {
  await eventually(async () => (await processTable(cake)).every(({ pid }) => !pids.includes(pid)), {
    what: "nobody of the old family is left",
  });
}

async function healthy(): Promise<void> {
  await eventually(async () => (await cake.exec(["djinit", "health"])).ok, {
    what: "every service is ready",
    timeoutMs: 30_000,
    attach: () => cake.logs(),
  });
}

for (const service of ["nginx", "gunicorn"]) {
  test(`${service}'s master is killed: it serves again soon, and no orphan of the old one is left`, async () => {
    const startedMs = performance.now();
    const { family } = await killMain(service);
    await serves(cake);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    expect(family.length).toBeGreaterThan(1);
    await allGone(family);
    await cake.record(
      "the death",
      ({ msg, exit_status }) => msg.startsWith(`${service} ended with status 137`) && exit_status === 137,
    );
    await healthy();
  });
}

test("a worker of gunicorn's is killed or crashes: gunicorn makes another, djinit is not asked", async () => {
  const master = await mainPid(cake, "gunicorn");
  const [worker] = await childrenOf(cake, master);
  await kill(worker?.pid ?? 0);
  await serves(cake);
  const crash = await http(await cake.url("/debug/crash/"));
  expect(crash.status).toBe(502);
  await serves(cake);
  expect(await mainPid(cake, "gunicorn")).toBe(master);
});

test("celery's main process is killed: the next worker finds no PID file in its way, and works", async () => {
  const { family } = await killMain("celery-worker");
  await allGone(family);
  await healthy();
  const beats = async () =>
    (JSON.parse((await http(await cake.url("/api/beats/"))).text) as { count: number }).count;
  const before = await beats();
  await eventually(async () => (await beats()) > before, { what: "a beat more", timeoutMs: 20_000 });
});

test("beat is killed: it beats again", async () => {
  await killMain("celery-beat");
  await healthy();
  await serves(cake);
});

test("all that is told as records, and the container is none the worse: it stops with 0", async () => {
  const { services } = JSON.parse(await cake.output(["djinit", "status", "--json"])) as {
    services: { service: string; restarts: number; exit_status: number }[];
  };
  expect(services.map(({ service, restarts }) => [service, restarts])).toEqual(
    ["gunicorn", "nginx", "celery-worker", "celery-beat"].map((service) => [service, 1]),
  );
  expect(await cake.stop()).toBe(0);
  await cake.records();
});
