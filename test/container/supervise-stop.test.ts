import { expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { statusOf, targetOf } from "../support/records.ts";
import { countStarts, isInHand, positionOf, serves, startCake, startReadyCake } from "./cake-subject.ts";
import { startReadyProject } from "./project-subject.ts";

const GUNICORN_ASKED = /^Handling signal: term/;
const ALL_IN_ONE = { CELERY_WORKER: "1", CELERY_BEAT: "1" };

/** Sends requests, each on a connection of its own, until the container has ended. Gives what came of them. */
async function requestsUntilEnd(container: Container, path: string): Promise<(number | "refused")[]> {
  const url = await container.url(path);
  const outcomes: (number | "refused")[] = [];
  while (outcomes.at(-1) !== "refused") {
    outcomes.push(
      await http(url).then(
        ({ status }) => status,
        () => "refused" as const,
      ),
    );
  }
  return outcomes;
}

for (const signal of ["TERM", "INT"]) {
  test(`${signal} stops in order with status 0: celery at once, gunicorn when nginx has gone`, async () => {
    await using container = await startReadyCake({ env: ALL_IN_ONE });
    await container.signal(signal);
    expect(await container.wait()).toBe(0);
    const records = await container.records();
    const stopping = positionOf(records, `stopping: SIG${signal}`);
    const celeryAsked = positionOf(records, /Warm shutdown/i, "celery-worker");
    const nginxGone = positionOf(records, "nginx stopped", "djinit");
    expect(stopping).toBeLessThan(celeryAsked);
    expect(stopping).toBeLessThan(nginxGone);
    expect(nginxGone).toBeLessThan(positionOf(records, GUNICORN_ASKED, "gunicorn"));
    expect(records.filter(({ level }) => level === "error" || level === "fatal")).toEqual([]);
    expect(records.at(-1)).toMatchObject({
      service: "djinit",
      msg: "stopped, exit status 0",
      exit_status: 0,
    });
  });
}

test("TERM during a request: it gets its 200, and whoever comes later is served or refused", async () => {
  await using container = await startReadyCake();
  // gunicorn is told when nothing has come or gone for a second: time for a slow machine, too.
  const slow = http(await container.url("/debug/sleep/?seconds=6"));
  await isInHand(container);
  await container.signal("TERM");
  const others = await requestsUntilEnd(container, "/health/");
  expect((await slow).status).toBe(200);
  expect(await container.wait()).toBe(0);
  expect(others.filter((outcome) => outcome !== 200 && outcome !== "refused")).toEqual([]);
  const records = await container.records();
  const answered = records.findIndex((record) => targetOf(record)?.startsWith("/debug/sleep/"));
  expect(records.slice(answered, answered + 1).map(statusOf)).toEqual([200]);
  // nginx drains as long as the request takes. gunicorn, which has all that there is, is asked meanwhile, and finishes it.
  expect(positionOf(records, GUNICORN_ASKED, "gunicorn")).toBeLessThan(answered);
  expect(answered).toBeLessThan(positionOf(records, "nginx stopped", "djinit"));
});

test("TERM to a container under load: every answer is a 200, none is a 502", async () => {
  await using container = await startReadyCake({ env: { WEB_CONCURRENCY: "2" } });
  await serves(container);
  const clients = Array.from({ length: 6 }, () => requestsUntilEnd(container, "/api/cakes/"));
  await eventually(
    async () => (await container.records()).filter((record) => statusOf(record) === 200).length > 60,
    {
      what: "load",
    },
  );
  expect(await container.stop()).toBe(0);
  const outcomes = (await Promise.all(clients)).flat();
  expect(new Set(outcomes)).toEqual(new Set([200, "refused"]));
});

const END_GUNICORN = ["sh", "-c", "kill -TERM $(cat /run/gunicorn/gunicorn.pid)"];

test("gunicorn ends while nginx serves: requests wait for the next one", async () => {
  await using container = await startReadyCake();
  await serves(container);
  const url = await container.url("/health/");
  await container.output(END_GUNICORN);
  const statuses = new Set<number>();
  while ((await countStarts(container, "gunicorn")) < 2) statuses.add((await http(url)).status);
  for (let more = 0; more < 5; more += 1) statuses.add((await http(url)).status);
  expect([...statuses]).toEqual([200]);
});

test("control: where gunicorn opens its socket itself, its end before nginx's answers 502", async () => {
  // A file of one's own in the place of the image's takes no socket from PID 1.
  const file =
    'bind = "unix:/run/gunicorn/gunicorn.sock"\numask = 0o117\npidfile = "/run/gunicorn/gunicorn.pid"\n';
  await using container = await startReadyProject({
    files: { "/etc/gunicorn/config.py": file },
    publish: [8000],
  });
  await serves(container);
  const url = await container.url("/health/");
  const badGateway = eventually(async () => (await http(url)).status === 502, { what: "502", intervalMs: 1 });
  await container.output(END_GUNICORN);
  await badGateway;
});

test("QUIT stops fast: nothing is drained", async () => {
  await using container = await startReadyCake({ env: ALL_IN_ONE });
  const slow = http(await container.url("/debug/sleep/?seconds=20"), { timeoutMs: 25_000 }).catch(
    () => "cut off",
  );
  await isInHand(container);
  const startedMs = performance.now();
  await container.signal("QUIT");
  expect(await container.wait()).toBe(0);
  expect(performance.now() - startedMs).toBeLessThan(12_000);
  expect(await slow).not.toMatchObject({ status: 200 });
});

test("QUIT after TERM ends the waiting", async () => {
  await using container = await startReadyCake();
  const slow = http(await container.url("/debug/sleep/?seconds=20"), { timeoutMs: 25_000 }).catch(
    () => "cut off",
  );
  await isInHand(container);
  await container.signal("TERM");
  await container.record("the stop", ({ msg }) => msg === "stopping: SIGTERM");
  const startedMs = performance.now();
  await container.signal("QUIT");
  expect(await container.wait()).toBe(0);
  expect(performance.now() - startedMs).toBeLessThan(8_000);
  await slow;
});

test("TERM that comes while services are starting is not lost", async () => {
  await using container = await startCake();
  await container.record("a start", ({ msg }) => msg === "gunicorn started");
  await container.signal("TERM");
  expect(await container.wait(20_000)).toBe(0);
});
