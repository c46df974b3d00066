// The versions of gunicorn that projects pin, with the image's file.
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { buildOnBase } from "../../tools/image/replaced-base.ts";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { runContext } from "../support/run-context.ts";
import { childrenOf, countStarts, mainPid } from "./cake-subject.ts";
import { startReadyProject } from "./project-subject.ts";

const TAG = `djinit-test-gunicorn-versions:${IMAGE_VERSION}`;
const CONTEXT = join(import.meta.dirname, "../fixtures/gunicorn-versions");
const WORKERS = 4;
/** Only together do workers interrupt gunicorn's handler of their deaths. */
const ROUNDS = 5;

beforeAll(() => buildOnBase({ tag: TAG, context: CONTEXT, base: runContext().images.djinit }));

async function workersOf(container: Container, but: readonly number[] = []): Promise<number[]> {
  const master = await mainPid(container, "gunicorn");
  return (await eventually(
    async () => {
      const pids = (await childrenOf(container, master)).map(({ pid }) => pid);
      return pids.length === WORKERS && !pids.some((pid) => but.includes(pid)) ? pids : false;
    },
    { what: "workers", timeoutMs: 30_000, attach: () => container.logs() },
  )) as number[];
}

test.each(["21.2.0", "23.0.0", "25.3.0", "27.0.1"])("gunicorn %s", async (version) => {
  await using container = await startReadyProject({
    image: TAG,
    command: ["live:application", "--bind", "0.0.0.0:8000"],
    env: { SKIP_MIGRATIONS: "1", PYTHONPATH: `/opt/gunicorn-${version}`, WEB_CONCURRENCY: String(WORKERS) },
    publish: [8000],
  });
  const url = await container.url();
  expect((await http(url)).text).toMatch(new RegExp(`^${version} `));
  const master = await mainPid(container, "gunicorn");

  let before = await workersOf(container);
  for (let round = 0; round < ROUNDS; round += 1) {
    await container.output(["kill", "-9", ...before.map(String)], { user: "root" });
    before = await workersOf(container, before);
  }
  await container.signal("HUP");
  const last = await workersOf(container, before);
  expect((await http(url)).status).toBe(200);
  // The master has lived through all of it, in the socket that PID 1 holds.
  expect(await mainPid(container, "gunicorn")).toBe(master);
  expect(await countStarts(container, "gunicorn")).toBe(1);
  // Of the dead ones no gauge is left.
  await eventually(
    async () => {
      const names = await container.output(["ls", "/run/gunicorn/prometheus"]);
      const pids = [...names.matchAll(/gauge_livesum_(\d+)\.db/g)].map(([, pid]) => Number(pid));
      return pids.length === WORKERS && pids.every((pid) => last.includes(pid));
    },
    { what: "gauges of those that live", timeoutMs: 20_000, attach: () => container.logs() },
  );
  expect(await container.stop()).toBe(0);
});
