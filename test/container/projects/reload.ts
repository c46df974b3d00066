import { expect } from "vitest";
import type { Container } from "../../support/docker.ts";
import { eventually } from "../../support/eventually.ts";
import { statusOf } from "../admin-subject.ts";
import { childrenOf, mainPid } from "../cake-subject.ts";
import { expectNothingLost, startLoad } from "../steady-load.ts";

/** Enough for a page that asks a database, on a machine that does something else beside. */
const PER_SECOND = 100;
const TIMEOUT_MS = 60_000;
/** Each look at a container starts a program, and the processors are the requests' now. */
const INTERVAL_MS = 400;

/** HUP while requests go: the server's workers are others then, every service is ready, and no request was lost. */
export async function reloadUnderLoad(web: Container, server = "gunicorn"): Promise<void> {
  const load = startLoad(web, PER_SECOND);
  try {
    await eventually(async () => (await pagesOf(web)) > PER_SECOND, {
      what: "load",
      timeoutMs: TIMEOUT_MS,
      intervalMs: INTERVAL_MS,
    });
    const before = await workersOf(web, server);
    await web.signal("HUP");
    await eventually(
      async () => {
        const now = await workersOf(web, server);
        return now.length > 0 && !now.some((pid) => before.includes(pid));
      },
      { what: "other workers", timeoutMs: TIMEOUT_MS, intervalMs: INTERVAL_MS, attach: () => web.logs() },
    );
    await eventually(async () => (await statusOf(web)).services.every(({ ready }) => ready), {
      what: "readiness after the reload",
      timeoutMs: TIMEOUT_MS,
      intervalMs: INTERVAL_MS,
      attach: () => web.logs(),
    });
    const served = await pagesOf(web);
    await eventually(async () => (await pagesOf(web)) > served + PER_SECOND, {
      what: "load",
      timeoutMs: TIMEOUT_MS,
      intervalMs: INTERVAL_MS,
    });
  } finally {
    expectNothingLost(await load.finish());
  }
  expect((await web.inspect()).State.Running).toBe(true);
}

/** Its children; itself, where it has none. Python's own process beside those that it has spawned outlives them. */
async function workersOf(web: Container, server: string): Promise<number[]> {
  const main = await mainPid(web, server);
  const children = (await childrenOf(web, main)).filter(
    ({ argv }) => !argv.join(" ").includes("resource_tracker"),
  );
  return children.length === 0 ? [main] : children.map(({ pid }) => pid);
}

async function pagesOf(web: Container): Promise<number> {
  return (await web.records()).filter(
    ({ service, msg }) => service === "nginx" && /^GET \/ .* 200$/.test(msg),
  ).length;
}
