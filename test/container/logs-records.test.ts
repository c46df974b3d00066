import { afterAll, beforeAll, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { parseRecords, statusOf } from "../support/records.ts";
import { startReadyCake } from "./cake-subject.ts";

const LEVELS = ["debug", "info", "warn", "error", "fatal"];

let cake: Container;
beforeAll(async () => {
  cake = await startReadyCake({
    env: { CELERY_WORKER: "1", CELERY_BEAT: "1", CAKE_BEAT_SECONDS: "1", SUPERUSER_PASSWORD: "pw-in-no-log" },
  });
});
afterAll(() => cake?.rm());

const get = async (path: string, method = "GET") => http(await cake.url(path), { method });

test("a traceback is one record, with the error taken apart", async () => {
  expect((await get("/debug/traceback/")).status).toBe(500);
  const record = await cake.record("the traceback", ({ error }) => error !== undefined);
  expect(record).toMatchObject({
    level: "error",
    service: "gunicorn",
    error: { type: "RuntimeError", message: "the cake fell on the floor" },
  });
  expect(record.msg).toContain("Internal Server Error: /debug/traceback/");
  const { stack } = record["error"] as { stack: string };
  expect(stack.match(/^Traceback \(most recent call last\):$/gm)).toHaveLength(2);
  expect(stack).toContain("KeyError: 'flour'");
  expect(stack).toContain("The above exception was the direct cause");
  const elsewhere = (await cake.records()).filter(
    (it) => it.error === undefined && /KeyError|File "/.test(it.msg),
  );
  expect(elsewhere).toEqual([]);
});

test("a request is one record of nginx's with its fields", async () => {
  await get("/api/beats/?logged");
  const record = await cake.record(
    "the request",
    ({ service, msg }) => service === "nginx" && msg === "GET /api/beats/?logged HTTP/1.1 200",
  );
  expect(record).toMatchObject({
    service: "nginx",
    level: "info",
    http: {
      request: { method: "GET" },
      response: { status_code: 200, body: { size: expect.any(Number) } },
      server: { request: { duration: expect.any(Number) } },
      upstream: { duration: expect.any(Number) },
    },
    url: { path: "/api/beats/", query: "logged" },
    client: { address: expect.any(String) },
  });
  const failed = await cake.record(
    "the 500",
    (it) => it.service === "nginx" && statusOf(it) === 500 && it.level === "error",
  );
  expect(failed.msg).toContain("/debug/traceback/");
});

test("ten thousand lines of the application: none is lost, doubled or torn", async () => {
  const lines = 10_000;
  expect((await get(`/debug/log/?lines=${lines}&bytes=200`)).status).toBe(200);
  const numbers = await eventually(
    async () => {
      const found = (await cake.records()).flatMap(({ service, logger, msg }) => {
        const number = logger === "cake_service.debug.views" ? /^(\d{8}) x{191}$/.exec(msg)?.[1] : undefined;
        return service === "gunicorn" && number !== undefined ? [Number(number)] : [];
      });
      if (found.length < lines) throw new Error(`${found.length} lines`);
      return found;
    },
    { what: "all lines", timeoutMs: 30_000, intervalMs: 500 },
  );
  expect(numbers).toEqual(Array.from({ length: lines }, (_, at) => at + 1));
});

test("every line of an all-in-one container under traffic is one object of the schema", async () => {
  const paths = ["/", "/static/none", "/api/cakes/", "/debug/headers/", "/no-such-page"];
  await Promise.all(Array.from({ length: 60 }, (_, at) => get(paths[at % paths.length] as string)));
  await get("/debug/crash/");
  await get("/api/cakes/1/bake/", "POST");
  await cake.record("a task", ({ service, msg }) => service === "celery-worker" && msg.includes("received"));
  expect(await cake.stop()).toBe(0);

  const text = await cake.stdout();
  expect(await cake.stderr()).toBe("");
  expect(text).not.toContain("pw-in-no-log");
  const records = parseRecords(text);
  for (const record of records) {
    expect(record.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(Math.abs(Date.parse(record.time) - Date.now())).toBeLessThan(600_000);
    expect(LEVELS).toContain(record.level);
    expect(typeof record.msg).toBe("string");
  }
  const services = new Set(records.map(({ service }) => service));
  for (const service of ["djinit", "migrate", "gunicorn", "nginx", "celery-worker", "celery-beat"]) {
    expect(services).toContain(service);
  }
});

test("nothing is written to files", async () => {
  const changed = (await docker("list what has changed", ["diff", cake.id])).split("\n");
  expect(changed.filter((line) => /\.log$|\/log(\/|$)/.test(line))).toEqual([]);
});
