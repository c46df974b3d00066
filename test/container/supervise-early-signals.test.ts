import { constants } from "node:os";
import { setTimeout as passes } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Container, type RunOptions, runContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { environOf, processTable } from "../support/proc.ts";
import { runContext } from "../support/run-context.ts";
import { isReady, startCake, startReadyCake } from "./cake-subject.ts";

const MOMENTS_MS = [0, 60, 120, 180, 240, 300, 360, 420, 500, 600];

test("TERM at any moment of the start ends the container with 0, well within the grace period", async () => {
  const outcomes: { atMs: number; status: number; soon: boolean }[] = [];
  const tryAt = async (atMs: number) => {
    await using container = await startCake({ publish: [] });
    await isPastFirst(container);
    await passes(atMs);
    const startedMs = performance.now();
    await container.signal("TERM");
    const status = await container.wait(20_000);
    outcomes.push({ atMs, status, soon: performance.now() - startedMs < 10_000 });
  };
  for (let at = 0; at < MOMENTS_MS.length; at += 2)
    await Promise.all(MOMENTS_MS.slice(at, at + 2).map((moment) => tryAt(moment)));
  outcomes.sort((a, b) => a.atMs - b.atMs);
  expect(outcomes).toEqual(MOMENTS_MS.map((atMs) => ({ atMs, status: 0, soon: true })));
});

/** Whatever PID 1 is, before its first instructions it can have nothing blocked: here that is docker/preload/djinit.c. */
async function isPastFirst(container: Container): Promise<void> {
  const past = async () => !/\/usr\/local\/bin\/djinit/.test(await argumentsOf(container));
  await eventually(past, { what: "the second program", timeoutMs: 10_000 });
}

async function argumentsOf(container: Container): Promise<string> {
  return docker("list processes", ["top", container.id, "-o", "pid,args"]);
}

test("during the boot only the main thread gets signals: what another took would be lost at the hand-over", async () => {
  // A host that is not there: it is looked up in a thread of libuv's, again and again.
  const env = { DATABASE_URL: "postgres://cake:cake@nowhere.invalid:5432/cake" };
  await using container = await startCake({ env, publish: [] });
  await container.record("the wait", ({ msg }) => msg.startsWith("waiting for database"));
  const threads = await container.output(["sh", "-c", "cat /proc/1/task/*/status"], { user: "root" });
  const masks = [...threads.matchAll(/^Name:\t(.*)$[\s\S]*?^SigBlk:\t([0-9a-f]+)$/gm)].map(
    ([, name, mask]) => ({
      name,
      blocksTerm: ((BigInt(`0x${mask}`) >> BigInt(constants.signals.SIGTERM - 1)) & 1n) === 1n,
    }),
  );
  expect(masks.filter(({ name }) => name === "libuv-worker").length).toBeGreaterThan(0);
  expect(masks.filter(({ blocksTerm }) => !blocksTerm).map(({ name }) => name)).toEqual(["node-MainThread"]);
});

test("control: without blocked signals a TERM in the first moments is lost", async () => {
  const bare: Partial<RunOptions> = {
    // As the first program would set them aside.
    env: {
      "~PATH": "/opt/venv/bin:/usr/local/bin:/usr/bin:/bin",
      "~DJANGO_SETTINGS_MODULE": "cake_service.settings",
      "~SECRET_KEY": "for-a-test",
    },
    entrypoint: "/usr/local/lib/djinit/node",
    command: ["/usr/local/lib/djinit/main.js", "cake_service.wsgi:application"],
    publish: [],
  };
  const isLost = async () => {
    await using container = await startCake(bare);
    await container.signal("TERM");
    return await eventually(() => outcomeOf(container), { what: "ready or ended", timeoutMs: 30_000 });
  };
  let lost = false;
  for (let attempt = 0; attempt < 15 && !lost; attempt += 1) lost = (await isLost()) === "lost";
  expect(lost).toBe(true);
});

async function outcomeOf(container: Container): Promise<"lost" | "ended"> {
  if (!(await container.inspect()).State.Running) return "ended";
  if ((await container.records()).some(isReady)) return "lost";
  throw new Error("neither yet");
}

test("services have no signal blocked and nothing of djinit's preloaded", async () => {
  await using container = await startReadyCake();
  const services = (await processTable(container)).filter(({ pid }) => pid !== 1);
  expect(services.length).toBeGreaterThanOrEqual(4);
  for (const service of services) {
    const status = await container.output(["cat", `/proc/${service.pid}/status`]);
    expect(status).toMatch(/^SigBlk:\t0+$/m);
    const environment = await environOf(container, service);
    // What keeps nginx from executing anything comes with it: SECURITY.md.
    const own = service.user === "nginx" ? { LD_PRELOAD: "/usr/local/lib/djinit/no-execute.so" } : {};
    const preloaded = Object.entries(environment).filter(([name]) => /LD_PRELOAD|^~/.test(name));
    expect(Object.fromEntries(preloaded)).toEqual(own);
  }
});

test("the user's own LD_PRELOAD and NODE_OPTIONS reach the services unchanged", async () => {
  const own = { LD_PRELOAD: "libm.so.6", NODE_OPTIONS: "--max-old-space-size=64" };
  await using container = await runContainer({
    image: runContext().images.example,
    env: { SECRET_KEY: "for-a-test", ...own },
  });
  await container.record("readiness", isReady);
  // nginx writes its title over the environment that /proc shows.
  const services = (await processTable(container)).filter(({ user }) => user === "django");
  expect(services.length).toBeGreaterThanOrEqual(2);
  for (const service of services) expect(await environOf(container, service)).toMatchObject(own);
});
