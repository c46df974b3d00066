import { join } from "node:path";
import { expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { countStarts, mainPid, positionOf, startCake, startReadyCake } from "./cake-subject.ts";
import { startProject } from "./project-subject.ts";

const FIXTURE = join(import.meta.dirname, "../fixtures/gunicorn-exits");

const killMain = async (container: Container, service: string) =>
  container.output(["kill", "-9", String(await mainPid(container, service))]);

test("gunicorn is killed again and again: the others stop in order, and 137 is the container's status", async () => {
  await using container = await startReadyCake({ env: { DJINIT_MAX_RESTARTS: "1", CELERY_WORKER: "1" } });
  await killMain(container, "gunicorn");
  await eventually(async () => (await countStarts(container, "gunicorn")) === 2, { what: "a restart" });
  await killMain(container, "gunicorn");
  expect(await container.wait()).toBe(137);
  const records = await container.records();
  const failure = positionOf(records, /^cannot keep gunicorn running/, "djinit");
  expect(records[failure]).toMatchObject({
    level: "error",
    code: "DJINIT_SERVICE_FAILED",
    target: "gunicorn",
    target_status: 137,
    restarts: 1,
    exit_status: 137,
  });
  expect(failure).toBeLessThan(positionOf(records, "stopping: gunicorn failed", "djinit"));
  expect(failure).toBeLessThan(positionOf(records, /warm shutdown/i, "celery-worker"));
  expect(failure).toBeLessThan(positionOf(records, "nginx stopped", "djinit"));
  expect(records.at(-1)).toMatchObject({ msg: "stopped, exit status 137", exit_status: 137 });
});

test("a service that ends with N at each start is tried again with backoff, then N is the container's status", async () => {
  await using container = await startCake({
    // A file that gunicorn's master evaluates: the last --config counts.
    command: ["cake_service.wsgi:application", "--config", "/fixture/exits-23.py"],
    env: { DJINIT_MAX_RESTARTS: "2" },
    volumes: [`${FIXTURE}:/fixture:ro`],
    publish: [],
  });
  expect(await container.wait()).toBe(23);
  expect(await countStarts(container, "gunicorn")).toBe(3);
  const delays = (await container.records()).flatMap(({ delay_ms }) =>
    delay_ms === undefined ? [] : [delay_ms],
  );
  expect(delays).toHaveLength(2);
  expect(Number(delays[1])).toBeGreaterThan(Number(delays[0]));
});

test("words that a service does not know are not tried again: 78, and what it said is quoted", async () => {
  await using container = await startCake({ command: ["celery", "worker", "--no-such-option"], publish: [] });
  expect(await container.wait()).toBe(78);
  expect(await countStarts(container, "celery-worker")).toBe(1);
  const failure = (await container.records()).find(({ code }) => code === "DJINIT_APPLICATION_FAILED");
  expect(failure).toMatchObject({ target: "celery-worker", target_status: 2, exit_status: 78 });
  expect(JSON.stringify(failure?.["lines"])).toContain("--no-such-option");
});

test("an application that cannot be imported is not tried again: 78, with Python's own words", async () => {
  await using container = await startCake({ command: ["cake_service.nothing:application"], publish: [] });
  expect(await container.wait()).toBe(78);
  expect(await countStarts(container, "gunicorn")).toBe(1);
  const failure = (await container.records()).find(({ code }) => code === "DJINIT_APPLICATION_FAILED");
  expect(failure?.msg).toContain("ModuleNotFoundError: No module named 'cake_service.nothing'");
});

test("tasks that cannot be imported are not tried again either, though celery ends with 1", async () => {
  const files = { "/broken/broken.py": "import nowhere\n" };
  await using container = await startProject({
    command: ["celery", "-A", "cake_service", "worker", "--include", "broken"],
    env: { PYTHONPATH: "/broken" },
    files,
  });
  expect(await container.wait()).toBe(78);
  expect(await countStarts(container, "celery-worker")).toBe(1);
  const failure = (await container.records()).find(({ code }) => code === "DJINIT_APPLICATION_FAILED");
  expect(failure?.msg).toContain("ModuleNotFoundError: No module named 'nowhere'");
});

test("a gunicorn that never comes up is not tried for ever: each start may take longer than deaths are counted", async () => {
  await using container = await startCake({
    env: { DJINIT_READINESS_PATH: "/nowhere/", DJINIT_STARTUP_TIMEOUT: "3", DJINIT_MAX_RESTARTS: "1" },
    publish: [],
  });
  expect(await container.wait()).toBe(137);
  expect(await countStarts(container, "gunicorn")).toBe(2);
  const failure = (await container.records()).find(({ code }) => code === "DJINIT_SERVICE_FAILED");
  expect(failure).toMatchObject({
    msg: "cannot start gunicorn: it has failed to come up 2 times in a row, and ended with status 137",
    exit_status: 137,
  });
});

test.each([
  [["celery", "worker", "-D"], "CMD has `-D`, which puts celery worker into the background"],
  [
    ["gunicorn", "cake_service.wsgi", "--daemon"],
    "CMD has `--daemon`, which puts gunicorn into the background",
  ],
])("%j is refused", async (command, problem) => {
  await using container = await startCake({ command, publish: [] });
  expect(await container.wait()).toBe(78);
  const refusal = (await container.records()).find(({ code }) => code === "DJINIT_BAD_CONFIGURATION");
  expect(refusal?.msg).toContain(problem);
});
