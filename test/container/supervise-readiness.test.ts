import { expect, test } from "vitest";
import { runContainer } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { runContext } from "../support/run-context.ts";
import { isReady, serves, startCake, startReadyCake } from "./cake-subject.ts";

test("a worker that cannot reach its broker is not ready, and is so once the broker appears", async () => {
  const name = `djinit-test-late-broker-${process.pid}`;
  await using worker = await startCake({
    command: ["celery", "worker"],
    env: { CELERY_APP: "cake_service", CELERY_BROKER_URL: `redis://${name}:6379/0` },
    publish: [],
  });
  await worker.record("an attempt", ({ msg }) => msg.includes("Cannot connect to redis://"));
  expect(await worker.exec(["djinit", "health"])).toMatchObject({
    exitCode: 1,
    stdout: "not ready: celery-worker is starting",
  });
  await using _redis = await runContainer({ image: runContext().images.redis, name, publish: [] });
  await eventually(async () => (await worker.exec(["djinit", "health"])).ok, {
    what: "the worker is ready",
    timeoutMs: 40_000,
    attach: () => worker.logs(),
  });
  expect((await worker.records()).some(({ msg }) => /^celery@\S+ ready\.$/.test(msg))).toBe(true);
});

test("beat is ready as soon as it has written its schedule", async () => {
  await using beat = await startReadyCake({
    command: ["celery", "beat"],
    env: { CELERY_APP: "cake_service" },
    publish: [],
  });
  // Without a sign of life it would take 10 s.
  expect((await beat.records()).find(isReady)?.["after_ms"]).toBeLessThan(9_500);
  expect(await beat.output(["ls", "/run/celery"])).toContain("celerybeat-schedule");
});

const STRICT = { ALLOWED_HOSTS: "cakes.example", DJINIT_READINESS_PATH: "/health/" };

test.each([
  ["the settings", {}],
  ["a variable", { DJINIT_READINESS_HOST: "cakes.example" }],
])("the readiness request names the host that the application allows, by %s", async (_, env) => {
  await using container = await startReadyCake({ env: { ...STRICT, ...env } });
  const answer = await http(await container.url("/health/"), { headers: { Host: "cakes.example" } });
  expect(answer.status).toBe(200);
});

test("a host that is not allowed keeps nginx closed until the startup timeout, and the record tells why", async () => {
  await using container = await startCake({
    env: {
      ...STRICT,
      DJINIT_READINESS_HOST: "tea.example",
      DJINIT_STARTUP_TIMEOUT: "30",
      DJINIT_MAX_RESTARTS: "0",
    },
  });
  const why =
    "the last answer to GET /health/ was 400: is the Host tea.example in ALLOWED_HOSTS? DJINIT_READINESS_HOST sets another";
  // While it starts already.
  await eventually(
    async () => (await container.exec(["djinit", "health"])).stdout.includes(`gunicorn is starting: ${why}`),
    { what: "the reason", timeoutMs: 60_000, attach: () => container.logs() },
  );
  const isTimeout = ({ msg }: { msg: string }) => msg.startsWith("gunicorn was not ready");
  const record = await container.record("the timeout", isTimeout, 60_000);
  expect(record.level).toBe("error");
  expect(record.msg).toBe(`gunicorn was not ready within 30 s: killing it; ${why}`);
  expect(JSON.stringify(record["lines"])).toMatch(/Invalid HTTP_HOST header|DisallowedHost/);
  expect(await container.wait()).not.toBe(0);
  expect((await container.records()).filter(({ msg }) => msg === "nginx started")).toEqual([]);
});

test("without a path the same application is ready when a worker takes connections", async () => {
  await using container = await startReadyCake();
  await serves(container);
});
