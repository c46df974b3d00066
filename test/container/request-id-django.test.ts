// One id from the client through nginx, Django and celery.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { http } from "../support/http.ts";
import type { LogRecord } from "../support/records.ts";
import { startReadyCake } from "./cake-subject.ts";

let cake: Container;
beforeAll(async () => {
  cake = await startReadyCake({
    env: { CELERY_WORKER: "1", CAKE_BAKE_SECONDS: "0.1", GUNICORN_ACCESS_LOGS: "1" },
  });
});
afterAll(() => cake?.rm());

async function ask(path: string, id: string, method = "GET"): Promise<number> {
  const { status } = await http(await cake.url(path), { method, headers: { "X-Request-ID": id } });
  return status;
}

/** The records with this id, once one of them is as it should be. */
async function recordsWith(id: string, last: (record: LogRecord) => boolean): Promise<LogRecord[]> {
  await cake.record(`the last record of ${id}`, (record) => record["request_id"] === id && last(record));
  return (await cake.records()).filter((record) => record["request_id"] === id);
}

test("a client's id is in the record of nginx, of gunicorn, of the task's own line and of its end", async () => {
  expect(await ask("/api/cakes/1/bake/", "order-1", "POST")).toBe(202);
  const records = await recordsWith("order-1", ({ msg }) => / succeeded in /.test(msg));
  expect(records).toContainEqual(
    expect.objectContaining({
      service: "nginx",
      http: expect.objectContaining({ response: { status_code: 202, body: { size: expect.any(Number) } } }),
    }),
  );
  expect(records).toContainEqual(
    expect.objectContaining({
      service: "gunicorn",
      http: expect.objectContaining({ response: { status_code: 202, body: { size: expect.any(Number) } } }),
      url: { path: "/api/cakes/1/bake/", query: "" },
    }),
  );
  const task = { id: expect.stringMatching(/^[0-9a-f-]{36}$/), name: "cake_service.cakes.tasks.bake" };
  expect(records).toContainEqual(
    expect.objectContaining({
      service: "celery-worker",
      msg: "cake 1 is baked",
      logger: "cake_service.cakes.tasks",
      process: "MainProcess",
      task,
    }),
  );
  expect(records).toContainEqual(
    expect.objectContaining({
      service: "celery-worker",
      logger: "celery.app.trace",
      task: { ...task, state: "succeeded", runtime: expect.any(Number) },
    }),
  );
});

test("Django's own records have it: a 404, an exception with its traceback", async () => {
  expect(await ask("/nowhere/", "lost-1")).toBe(404);
  const [warning] = (await recordsWith("lost-1", ({ level }) => level === "warn")).filter(
    ({ level }) => level === "warn",
  );
  expect(warning).toMatchObject({
    service: "gunicorn",
    logger: "django.request",
    msg: "Not Found: /nowhere/",
    http: { request: { method: "GET" }, response: { status_code: 404 } },
    url: { path: "/nowhere/", query: "" },
  });

  expect(await ask("/debug/traceback/", "broken-1")).toBe(500);
  const [failure] = (await recordsWith("broken-1", ({ error }) => error !== undefined)).filter(
    ({ error }) => error !== undefined,
  );
  expect(failure).toMatchObject({
    level: "error",
    logger: "django.request",
    error: { type: "RuntimeError", message: "the cake fell on the floor" },
  });
});

test("what is not part of a request has none, and requests do not take each other's", async () => {
  for (let round = 0; round < 20; round += 1)
    await ask(`/debug/log/?lines=1&bytes=${20 + round}`, `round-${round}`);
  for (let round = 0; round < 20; round += 1) {
    const id = `round-${round}`;
    const own = await recordsWith(id, ({ logger }) => logger === "cake_service.debug.views");
    const lengths = own
      .filter(({ logger }) => logger === "cake_service.debug.views")
      .map(({ msg }) => msg.length);
    expect(lengths).toEqual([20 + round]);
  }
  const others = (await cake.records()).filter(
    ({ service }) => service === "djinit" || service === "celery-worker",
  );
  expect(others.filter(({ request_id, task }) => request_id !== undefined && task === undefined)).toEqual([]);
});
