import { describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { Supervised, servicePlan } from "../../support/supervised.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

// A busy machine may take its time.

const directory = temporaryDirectory();
const LONGEST_BACKOFF_MS = 10_000;

/** Lets every backoff pass until the container gives up. */
async function giveUp(run: Supervised, name: string): Promise<number> {
  return eventually(() => {
    if (run.stateOf(name) === "backoff") run.clock.advance(LONGEST_BACKOFF_MS);
    return run.status ?? false;
  }) as Promise<number>;
}

describe("a service that dies", () => {
  test("is started again after a backoff, and the others do not notice", async () => {
    const run = new Supervised([servicePlan("app", "steady"), servicePlan("worker", "steady")]);
    run.supervisor.start();
    await run.ready(["app", "worker"]);
    const { pid } = run.service("app");
    const other = run.service("worker").pid;
    process.kill(pid ?? 0, "SIGKILL");
    await run.reaches("app", "backoff");
    expect(run.supervisor.ready).toBe(false);
    run.clock.advance(159);
    expect(run.stateOf("app")).toBe("backoff");
    run.clock.advance(41);
    await run.ready(["app"], 2);
    expect(run.service("app").pid).not.toBe(pid);
    expect(run.service("worker").pid).toBe(other);
    expect(run.service("app").restarts).toBe(1);
    expect(run.supervisor.ready).toBe(true);
  });

  test.each([
    ["dies 3", 3],
    ["dies-by-signal SEGV", 139],
    ["dies-by-signal KILL", 137],
    // 0 over and over is a failure too.
    ["dies 0", 70],
  ])(
    "%s, over and over: the others are stopped in order, and the container ends with %i",
    async (script, status) => {
      const run = new Supervised([servicePlan("app", script), servicePlan("worker", "steady")], {
        maxRestarts: 2,
      });
      run.supervisor.start();
      await run.ready(["worker"]);
      expect(await giveUp(run, "app")).toBe(status);
      expect(run.said().filter((line) => line === "app: ready")).toHaveLength(3);
      expect(run.said()).toContain("worker: stopped by TERM");
      expect(run.records().find(({ code }) => code === "DJINIT_SERVICE_FAILED")).toMatchObject({
        target: "app",
        exit_status: status,
        restarts: 2,
        lines: expect.arrayContaining(["ready"]),
      });
    },
  );

  test("with DJINIT_MAX_RESTARTS=0 it is not started again", async () => {
    const run = new Supervised([servicePlan("app", "dies 3")], { maxRestarts: 0 });
    run.supervisor.start();
    expect(await run.finished()).toBe(3);
    expect(run.said()).toEqual(["app: ready"]);
  });

  test("a status that trying again does not change ends the container at once with 78", async () => {
    const run = new Supervised([servicePlan("app", "dies 4", { fatalStatuses: [4] })]);
    run.supervisor.start();
    expect(await run.finished()).toBe(78);
    expect(run.said()).toEqual(["app: ready"]);
    expect(run.records().find(({ code }) => code === "DJINIT_APPLICATION_FAILED")).toMatchObject({
      msg: "cannot load the application of app: it ended with status 4",
      target_status: 4,
    });
  });

  test("what it leaves in its process group is ended before it is started again", async () => {
    const mark = `${directory.path}/mark`;
    const run = new Supervised([servicePlan("app", `leaves-child ${mark}`)], { maxRestarts: 1 });
    run.supervisor.start();
    const child = await eventually(() => {
      const line = run.said().find((text) => text.startsWith("app: child "));
      return line === undefined ? false : Number(line.split(" ").at(-1));
    });
    directory.write("mark", "");
    // It holds the pipe: no more than a second is waited for it.
    await eventually(() => run.service("app").pid === undefined);
    run.clock.advance(1_000);
    await run.reaches("app", "backoff");
    await eventually(() => expect(() => process.kill(child as number, 0)).toThrow("ESRCH"));
  });

  test("one that is not ready in time is killed and started again", async () => {
    const slow = { readiness: { kind: "tcp" as const, addresses: [{ host: "127.0.0.1", port: 1 }] } };
    const run = new Supervised([servicePlan("app", "steady", slow)], { startupTimeoutMs: 7_000 });
    run.supervisor.start();
    await eventually(() => run.said().includes("app: ready"));
    run.clock.advance(6_999);
    expect(run.stateOf("app")).toBe("starting");
    run.clock.advance(1);
    expect(run.stateOf("app")).toBe("killing");
    await run.reaches("app", "backoff");
    expect(run.service("app").state.exitStatus).toBe(137);
    const told = run
      .records()
      .map(({ msg }) => String(msg))
      .find((msg) => msg.startsWith("app was not ready within 7 s: killing it; "));
    // Why not: what the last question was answered with, or that it was not.
    expect(told).toMatch(/ECONNREFUSED 127\.0\.0\.1:1$|no connection has been taken yet$/);
  });

  test("one that is never ready is not started again for ever, whatever time each start takes", async () => {
    const slow = { readiness: { kind: "tcp" as const, addresses: [{ host: "127.0.0.1", port: 1 }] } };
    const run = new Supervised([servicePlan("app", "steady", slow)], { maxRestarts: 2 });
    run.supervisor.start();
    for (let starts = 1; starts <= 3; starts += 1) {
      await eventually(() => run.said().length === starts);
      // As long as a start may take by default: longer than deaths are remembered.
      run.clock.advance(120_000);
      if (starts === 3) break;
      await run.reaches("app", "backoff");
      run.clock.advance(LONGEST_BACKOFF_MS);
    }
    expect(await run.finished()).toBe(137);
    expect(run.records().find(({ code }) => code === "DJINIT_SERVICE_FAILED")).toMatchObject({
      msg: "cannot start app: it has failed to come up 3 times in a row, and ended with status 137",
      target: "app",
      exit_status: 137,
      restarts: 2,
    });
  });

  test("an end with 1 whose last words are an import error ends the container at once with 78", async () => {
    const words = "ModuleNotFoundError: No module named 'cakes.tasks'";
    const argv = ["sh", "-c", `echo "${words}"; exit 1`];
    const run = new Supervised([servicePlan("app", "steady", { argv, fatalStatuses: [2] })]);
    run.supervisor.start();
    expect(await run.finished()).toBe(78);
    expect(run.said()).toEqual([`app: ${words}`]);
    expect(run.records().find(({ code }) => code === "DJINIT_APPLICATION_FAILED")).toMatchObject({
      msg: `cannot load the application of app: ${words}`,
      target_status: 1,
    });
  });

  test("the time it has to be ready begins anew with each start", async () => {
    const slow = { readiness: { kind: "settled" as const, afterMs: 5_000 } };
    const run = new Supervised([servicePlan("app", "steady", slow)], { startupTimeoutMs: 7_000 });
    run.supervisor.start();
    await eventually(() => run.said().includes("app: ready"));
    run.clock.advance(5_000);
    expect(run.stateOf("app")).toBe("running");
    process.kill(run.service("app").pid ?? 0, "SIGKILL");
    await run.reaches("app", "backoff");
    run.clock.advance(200);
    await eventually(() => run.said().length === 2);
    // More than 7 s since the first start.
    run.clock.advance(4_000);
    expect(run.stateOf("app")).toBe("starting");
    run.clock.advance(1_000);
    expect(run.stateOf("app")).toBe("running");
  });

  test("asked to stop while it waits for its restart, it stays away", async () => {
    const run = new Supervised([servicePlan("app", "dies 1")]);
    run.supervisor.start();
    await run.reaches("app", "backoff");
    run.supervisor.stop("SIGTERM");
    expect(await run.finished()).toBe(0);
    run.clock.advance(60_000);
    expect(run.said()).toEqual(["app: ready"]);
  });
});

describe("a program that cannot be started", () => {
  const broken = () => servicePlan("app", "steady", { argv: ["nul\0byte"] });

  test("has status 127", async () => {
    const run = new Supervised([servicePlan("app", "steady", { argv: ["/no/such/program"] })], {
      maxRestarts: 0,
    });
    run.supervisor.start();
    expect(await run.finished()).toBe(127);
    const refused = new Supervised([broken()], { maxRestarts: 0 });
    refused.supervisor.start();
    refused.clock.advance(0);
    expect(await refused.finished()).toBe(127);
  });

  test("does not keep the container from ending when the stop comes first", async () => {
    const run = new Supervised([broken()]);
    run.supervisor.start();
    run.supervisor.stop("SIGTERM");
    run.clock.advance(0);
    expect(await run.finished()).toBe(0);
  });
});

test.each([
  '{"error":{"stack":["a","b"]}}',
  '{"error":{"stack":5}}',
  '{"error":null}',
  '{"status":{"toString":1}}',
])("a service that says %s is relayed, and nothing else happens", async (line) => {
  const run = new Supervised([servicePlan("app", "says-json", {})]);
  run.service("app").plan.argv.push(line);
  run.supervisor.start();
  await run.ready(["app"]);
  expect(run.records().find(({ service }) => service === "app")).toMatchObject(JSON.parse(line));
  run.supervisor.stop("SIGTERM");
  expect(await run.finished()).toBe(0);
});

describe("a command of the user's own", () => {
  const command = (script: string) => [servicePlan("command", script, { restart: "no" })];

  test.each([
    ["dies 0", 0, { level: "info", msg: "command ended with status 0" }],
    ["dies 5", 5, { level: "warn", msg: "command ended with status 5", target_status: 5 }],
    ["dies 143", 143, { level: "warn", msg: "command ended with status 143" }],
    ["dies-by-signal TERM", 143, { level: "warn", msg: "command was killed by SIGTERM", signal: "SIGTERM" }],
  ])("%s: its status, %i, is the container's; the log says how it ended", async (script, status, record) => {
    const run = new Supervised(command(script), { role: "command" });
    run.supervisor.start();
    expect(await run.finished()).toBe(status);
    expect(run.said()).toEqual(["command: ready"]);
    const own = run.records().filter(({ service }) => service === "djinit");
    expect(own.at(-1)).toMatchObject(record);
    // Nothing is left to stop.
    expect(own.filter(({ msg }) => String(msg).startsWith("stopping"))).toEqual([]);
  });

  test("stopped as asked, the container ends with 0", async () => {
    const run = new Supervised(command("steady"), { role: "command" });
    run.supervisor.start();
    await run.ready(["command"]);
    run.supervisor.stop("SIGTERM");
    expect(await run.finished()).toBe(0);
  });
});
