// Nobody reads stdout. Its reader is this test: docker's own cannot be stopped.
import { execFileSync } from "node:child_process";
import { constants, openSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "vitest";
import { type Container, runContainer } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import type { LogRecord } from "../support/records.ts";
import { runContext } from "../support/run-context.ts";

const APP = join(import.meta.dirname, "../fixtures/writes-lines");
const LINES = 500_000; // of 100 bytes and more: 50 MB
const STALL_MS = 30_000;
const MOST_GROWTH_KB = 8 * 1024;

const directories: string[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

/** A container whose stdout is a FIFO that the test holds open; nothing is read from it before `read`. */
async function start(env: Record<string, string> = {}) {
  const directory = await mkdtemp(join(tmpdir(), "stalled-"));
  directories.push(directory);
  execFileSync("mkfifo", ["-m", "666", join(directory, "out")]);
  const fd = openSync(join(directory, "out"), constants.O_RDONLY | constants.O_NONBLOCK);
  const container = await runContainer({
    image: runContext().images.djinit,
    entrypoint: "sh",
    command: ["-c", "exec djinit app:application > /out/out"],
    env: { SKIP_MIGRATIONS: "1", WEB_CONCURRENCY: "1", GUNICORN_CMD_ARGS: "--threads 4", ...env },
    volumes: [`${directory}:/out`, `${APP}:/app:ro`],
  });
  const records: LogRecord[] = [];
  const read = (): void => {
    const lines = createInterface({ input: new Socket({ fd, readable: true, writable: false }) });
    lines.on("line", (line) => records.push(JSON.parse(line) as LogRecord));
  };
  await healthy(container);
  return { container, records, read };
}

const healthy = (container: Container) =>
  eventually(async () => (await container.exec(["djinit", "health"])).ok, {
    what: "health",
    timeoutMs: 60_000,
    intervalMs: 200,
  });

const privateKb = async (container: Container): Promise<number> => {
  const text = await container.output(["cat", "/proc/1/status"], { user: "djinit" });
  return Number(/^RssAnon:\s*(\d+)/m.exec(text)?.[1]);
};

test("for 30 s: PID 1 answers and stays small, the services wait, and then not one line is missing, doubled or torn", async () => {
  const { container, records, read } = await start();
  await using subject = container;
  const before = await privateKb(subject);
  await http(await subject.url(`/write?lines=${LINES}`));
  const endMs = performance.now() + STALL_MS;
  let most = 0;
  let written = -1;
  while (performance.now() < endMs) {
    expect((await subject.exec(["djinit", "health"])).stdout).toBe("ready");
    expect((await subject.exec(["djinit", "status", "--json"])).ok).toBe(true);
    most = Math.max(most, await privateKb(subject));
    written = Number((await http(await subject.url("/written"))).text);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  // What the FIFO, the relay and the service's own pipe hold is far less than what is to be said: it waits in write(2).
  expect(written).toBeGreaterThan(0);
  expect(written).toBeLessThan(LINES / 2);
  expect(most - before).toBeLessThan(MOST_GROWTH_KB);

  read();
  const numbers = (): number[] =>
    records.flatMap(({ msg }) => {
      const number = /^line (\d+) x{90}$/.exec(msg)?.[1];
      return number === undefined ? [] : [Number(number)];
    });
  await eventually(() => numbers().length >= LINES, {
    what: "all lines",
    timeoutMs: 60_000,
    intervalMs: 500,
  });
  expect(numbers()).toEqual(Array.from({ length: LINES }, (_, at) => at));
  expect(await subject.stop()).toBe(0);
});

test("a stop ends the container inside its grace period all the same", async () => {
  const { container } = await start({ DJINIT_GRACE_PERIOD: "6" });
  await using subject = container;
  await http(await subject.url(`/write?lines=${LINES}`));
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const startedMs = performance.now();
  await subject.signal("TERM");
  // Whoever waits in write(2) for a reader is killed in the end.
  expect([0, 137]).toContain(await subject.wait());
  expect(performance.now() - startedMs).toBeLessThan(12_000);
});
