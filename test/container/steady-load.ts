// A steady load on a container's port 8000, from within its network: what is refused there nobody has accepted.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "vitest";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { statusOf } from "../support/records.ts";
import { runContext } from "../support/run-context.ts";
import { RUN_LABEL } from "../support/run-id.ts";

const FOLDER = join(import.meta.dirname, "../fixtures/load");

/** What came of the requests. */
export interface LoadReport {
  /** Status, `refused` or the code of an error → how often. */
  outcomes: Record<string, number>;
  failures: { error: string; afterMs: number }[];
  /** Requests that met the end of an idle connection and were sent again. */
  retried: number;
  sent: number;
  perSecond: number;
  slowestMs: number;
}

export interface Load {
  /** No more requests: waits for those under way and tells what came of all. */
  finish(): Promise<LoadReport>;
}

/** Begins at once. It ends by itself when nothing listens any more. `posts`: every second request is a POST. */
export function startLoad(target: Container, perSecond = 250, posts = false): Load {
  const { runId, images } = runContext();
  const args = ["run", "--rm", "--interactive", "--network", `container:${target.id}`];
  args.push("--label", `${RUN_LABEL}=${runId}`, "--volume", `${FOLDER}:/load:ro`, "--no-healthcheck");
  args.push("--entrypoint", "/usr/local/lib/djinit/node", images.djinit, "/load/steady-load.mjs");
  const child = spawn("docker", [...args, "8000", "/", String(perSecond), ...(posts ? ["posts"] : [])], {
    stdio: "pipe",
  });
  child.stdin.on("error", () => {});
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  return {
    async finish() {
      child.stdin.end();
      const [stdout, stderr] = await said;
      try {
        return JSON.parse(stdout) as LoadReport;
      } catch (error) {
        throw new Error(`cannot read the report of the load: ${stdout}${stderr}`, { cause: error });
      }
    },
  };
}

/** Waits until it has become a load: until so many requests of all have been answered. */
export async function underLoad(target: Container, answered = 250): Promise<void> {
  await eventually(
    async () => (await target.records()).filter((record) => statusOf(record) === 200).length > answered,
    {
      what: "load",
      timeoutMs: 30_000,
      attach: () => target.logs(),
    },
  );
}

/** Every request was answered 200, or nobody took its connection; and it was a load. */
export function expectNothingLost(report: LoadReport, alsoRefused = false): void {
  const { "200": served = 0, refused = 0, ...others } = report.outcomes;
  expect({ others, failures: report.failures }, JSON.stringify(report)).toEqual({ others: {}, failures: [] });
  expect(served).toBeGreaterThan(200);
  if (!alsoRefused) expect(refused).toBe(0);
}
