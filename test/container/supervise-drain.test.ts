import { join } from "node:path";
import { expect, test } from "vitest";
import { type Container, runContainer } from "../support/docker.ts";
import { http } from "../support/http.ts";
import { runContext } from "../support/run-context.ts";
import { isReady } from "./cake-subject.ts";

const ECHO = join(import.meta.dirname, "../fixtures/echo-wsgi");

async function startEcho(env: Record<string, string>): Promise<Container> {
  const container = await runContainer({
    image: runContext().images.djinit,
    command: ["echo:application"],
    env: { SKIP_MIGRATIONS: "1", WEB_CONCURRENCY: "2", ...env },
    volumes: [`${ECHO}:/app:ro`],
  });
  await container.record("readiness", isReady);
  return container;
}

test("for the drain delay new connections are served, while health says that the container is stopping", async () => {
  await using container = await startEcho({ DJINIT_DRAIN_DELAY: "2" });
  const url = await container.url();
  const startedMs = performance.now();
  await container.signal("TERM");
  await container.record("the delay", ({ drain_delay_ms }) => drain_delay_ms === 2_000);
  const health = await container.exec(["djinit", "health"]);
  expect(health).toMatchObject({ exitCode: 1, stdout: "stopping" });
  const servedMs: number[] = [];
  let refused = false;
  while (!refused) {
    const answer = await http(url).catch(() => undefined);
    if (answer === undefined) refused = true;
    else {
      expect(answer.status).toBe(200);
      servedMs.push(performance.now() - startedMs);
    }
  }
  expect(servedMs.at(-1)).toBeGreaterThan(1_700);
  expect(await container.wait()).toBe(0);
  const records = await container.records();
  const timeOf = (what: string) => Date.parse(records.find(({ msg }) => msg === what)?.time ?? "");
  const drainedMs = timeOf("nginx stopped") - timeOf("stopping: SIGTERM");
  expect(drainedMs).toBeGreaterThanOrEqual(1_990);
  expect(drainedMs).toBeLessThan(4_000);
});

test("a stop before anything serves does not wait for clients that cannot be there", async () => {
  await using container = await runContainer({
    image: runContext().images.djinit,
    command: ["app:application"],
    env: { SKIP_MIGRATIONS: "1", DJINIT_DRAIN_DELAY: "15" },
    volumes: [`${join(import.meta.dirname, "../fixtures/slow-import")}:/app:ro`],
  });
  await container.record("a start", ({ msg }) => msg === "gunicorn started");
  const startedMs = performance.now();
  await container.signal("TERM");
  expect(await container.wait()).toBe(0);
  expect(performance.now() - startedMs).toBeLessThan(12_000);
});
