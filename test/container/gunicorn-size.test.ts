// gunicorn's size: as many workers as the container has processors and memory for, also when that changes; and the guard of the
// memory, which renews a worker before the kernel has to kill.
import { expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import type { LogRecord } from "../support/records.ts";
import { childrenOf, mainPid, startReadyCake } from "./cake-subject.ts";
import { startReadyProject } from "./project-subject.ts";
import { expectNothingLost, startLoad } from "./steady-load.ts";

const TIMEOUT_MS = 60_000;

async function countWorkers(container: Container): Promise<number> {
  return (await childrenOf(container, await mainPid(container, "gunicorn"))).length;
}

async function becomes(container: Container, workers: number): Promise<void> {
  await eventually(async () => (await countWorkers(container)) === workers, {
    what: `${workers} workers`,
    timeoutMs: TIMEOUT_MS,
    attach: () => container.logs(),
  });
}

const isChoice = (record: LogRecord): boolean => record["decided_by"] !== undefined;

test("a worker for each processor with threads, more or fewer when the container is resized, and no request lost", async () => {
  await using container = await startReadyCake({ sized: true, more: ["--cpus=1.5", "--memory=1g"] });
  await becomes(container, 2);
  const chosen = await container.record("what was chosen", isChoice);
  expect(chosen).toMatchObject({
    service: "gunicorn",
    level: "info",
    workers: 2,
    threads: 4,
    decided_by: "processors",
    processors: 1.5,
    memory_bytes: 1024 ** 3,
  });
  expect(chosen.msg).toMatch(/^2 workers with 4 threads each, for 1\.5 processors; a worker holds \d+ MiB$/);
  const status = await container.output(["djinit", "status"]);
  expect(status).toMatch(
    /^gunicorn: 2 workers with 4 threads each, by the container's processors; a worker holds [\d.]+MB$/m,
  );
  const { size } = JSON.parse(await container.output(["djinit", "status", "--json"]));
  expect(size).toMatchObject({ workers: 2, threads: 4, decided_by: "processors" });

  const load = startLoad(container, 50);
  await docker("fewer processors", ["update", "--cpus=0.5", container.id]);
  await becomes(container, 1);
  await docker("more processors", ["update", "--cpus=2", container.id]);
  await becomes(container, 2);
  expectNothingLost(await load.finish());
  const choices = (await container.records()).filter(isChoice);
  expect(choices.map(({ workers, processors }) => [workers, processors])).toEqual([
    [2, 1.5],
    [1, 0.5],
    [2, 2],
  ]);
  // Whoever scales is not overruled.
  await container.output(["djinit", "scale", "gunicorn", "+1"]);
  await becomes(container, 3);
  expect(await container.stop()).toBe(0);
});

test("little memory: one worker, although there are processors for two; the services beside it count", async () => {
  await using container = await startReadyCake({
    sized: true,
    env: { CELERY_WORKER: "1" },
    more: ["--memory=256m", "--memory-swap=256m", "--cpus=2"],
  });
  expect(await container.record("what was chosen", isChoice)).toMatchObject({
    workers: 1,
    decided_by: "memory",
    memory_bytes: 256 * 1024 ** 2,
  });
  expect(await container.stop()).toBe(0);
});

/** Keeps half a MiB of each request. At 16 a second a tenth of the limit lasts for 5 s: the master looks once a second. */
const LEAKING = `
from cake_service.wsgi import application as app
held = []

def application(environ, start_response):
    held.append(bytearray(b"x") * 512 * 1024)
    return app(environ, start_response)
`;

test("a leak: the largest worker is renewed before the kernel kills, and no request is lost", async () => {
  await using container = await startReadyProject({
    sized: true,
    command: ["leaking:application"],
    files: { "/app/leaking.py": LEAKING },
    more: ["--memory=384m", "--memory-swap=384m"],
    publish: [8000],
  });
  const load = startLoad(container, 16);
  const isRenewal = ({ service, msg }: LogRecord) => service === "gunicorn" && msg.includes("is renewed");
  await eventually(async () => (await container.records()).filter(isRenewal).length >= 2, {
    what: "two workers renewed",
    timeoutMs: 120_000,
    attach: () => container.logs(),
  });
  expectNothingLost(await load.finish());
  const records = await container.records();
  const [renewal] = records.filter(isRenewal);
  expect(renewal).toMatchObject({ level: "warn", memory_limit_bytes: 384 * 1024 ** 2 });
  expect(renewal?.["memory_usage_bytes"]).toBeGreaterThanOrEqual(0.9 * 384 * 1024 ** 2);
  expect(renewal?.msg).toMatch(
    /^worker \d+ is renewed: it is the largest, with \d+ MiB, and the container's memory is full, \d+ MiB of 384 MiB \(DJINIT_MEMORY_GUARD\); its last request was GET \/$/,
  );
  expect(records.filter(({ msg }) => msg.startsWith("out of memory"))).toEqual([]);
  expect(await container.stop()).toBe(0);
});
