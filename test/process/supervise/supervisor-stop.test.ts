import { describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { BOOT_MS, type LogRecord, Supervised, servicePlan } from "../../support/supervised.ts";

// A busy machine may take its time.

const isAlive = (pid: number | undefined) => {
  try {
    process.kill(pid ?? 0, 0);
    return true;
  } catch {
    return false;
  }
};

describe("start and stop keep their order", () => {
  const three = () => [
    servicePlan("app", "steady"),
    servicePlan("front", "steady", { after: ["app"], stopSignal: "SIGQUIT" }),
    servicePlan("worker", "steady"),
  ];

  test("what comes after another starts when that one is ready", async () => {
    const run = new Supervised(three());
    run.supervisor.start();
    await eventually(() => run.said().filter((line) => line.endsWith(": ready")).length === 2);
    expect(run.stateOf("app")).toBe("starting");
    expect(run.stateOf("front")).toBe("pending");
    expect(run.supervisor.ready).toBe(false);
    await run.ready(["app", "worker", "front"]);
    expect(run.supervisor.ready).toBe(true);
    const isReady = ({ msg }: LogRecord) => String(msg).startsWith("ready: every service");
    await eventually(() => run.records().some(isReady));
    // From the start of the container on.
    expect(run.records().find(isReady)?.["after_ms"]).toBeGreaterThan(BOOT_MS);
  });

  test("the one that others depend on is asked when they have ended, the rest at once; the status is 0", async () => {
    const run = new Supervised([
      ...three().slice(0, 1),
      servicePlan("front", "stubborn", { after: ["app"] }),
      ...three().slice(2),
    ]);
    run.supervisor.start();
    await run.ready(["app", "worker", "front"]);
    run.supervisor.stop("SIGTERM");
    expect(run.supervisor.ready).toBe(false);
    await run.reaches("worker", "stopped");
    await eventually(() => run.said().includes("front: no, TERM"));
    expect(run.stateOf("app")).toBe("running");
    process.kill(run.service("front").pid ?? 0, "SIGKILL");
    expect(await run.finished()).toBe(0);
    expect(run.stateOf("app")).toBe("stopped");
    expect(run.said()).toContain("app: stopped by TERM");
  });

  test("each gets its own stop signal", async () => {
    const run = new Supervised(three());
    run.supervisor.start();
    await run.ready(["app", "worker", "front"]);
    run.supervisor.stop("SIGTERM");
    expect(await run.finished()).toBe(0);
    const stops = run.said().filter((line) => line.includes("stopped by"));
    expect(stops).toHaveLength(3);
    expect(stops).toContain("front: stopped by QUIT");
    expect(stops.indexOf("front: stopped by QUIT")).toBeLessThan(stops.indexOf("app: stopped by TERM"));
  });

  test("a stop before the start, and one during it, end it too", async () => {
    const before = new Supervised(three());
    before.supervisor.stop("SIGTERM");
    before.supervisor.start();
    expect(await before.finished()).toBe(0);
    expect(before.said()).toEqual([]);

    const during = new Supervised(three());
    during.supervisor.start();
    await eventually(() => during.said().includes("app: ready"));
    during.supervisor.stop("SIGTERM");
    expect(await during.finished()).toBe(0);
    expect(during.stateOf("front")).toBe("stopped");
    expect(during.said()).not.toContain("front: ready");
  });

  test("the first reason and status count", async () => {
    const run = new Supervised([servicePlan("app", "steady")]);
    run.supervisor.start();
    await run.ready(["app"]);
    run.supervisor.stop("internal error", 70);
    run.supervisor.stop("SIGTERM");
    expect(await run.finished()).toBe(70);
  });
});

describe("one deadline for all", () => {
  const stubborn = () => [
    servicePlan("app", "stubborn"),
    servicePlan("front", "stubborn", { after: ["app"] }),
  ];

  async function running(): Promise<Supervised> {
    const run = new Supervised(stubborn(), { gracePeriodMs: 25_000 });
    run.supervisor.start();
    await run.ready(["app", "front"]);
    return run;
  }

  test("what is left when the grace period is over is killed, not before; status 137", async () => {
    const run = await running();
    const pids = run.supervisor.services.map(({ pid }) => pid);
    run.supervisor.stop("SIGTERM");
    run.clock.advance(24_999);
    expect(run.supervisor.services.map(({ state }) => state.name)).toEqual(["running", "stopping"]);
    run.clock.advance(1);
    // The second service has no grace period of its own.
    expect(run.supervisor.services.map(({ state }) => state.name)).toEqual(["killing", "killing"]);
    expect(await run.finished()).toBe(137);
    expect(pids.map(isAlive)).toEqual([false, false]);
    await eventually(() => {
      const error = run.records().find(({ code }) => code === "DJINIT_GRACE_PERIOD_EXCEEDED");
      expect(error).toMatchObject({ targets: ["app", "front"], exit_status: 137 });
      expect(error?.["msg"]).toContain("within 25 s");
    });
  });

  test("a fast stop asks all at once and kills after 8 s", async () => {
    const run = await running();
    run.supervisor.fastStop("SIGQUIT");
    await eventually(() =>
      expect(run.said()).toEqual(expect.arrayContaining(["app: no, QUIT", "front: no, QUIT"])),
    );
    run.clock.advance(7_999);
    expect(run.stateOf("app")).toBe("stopping");
    run.clock.advance(1);
    expect(await run.finished()).toBe(137);
  });

  test("a fast stop in the midst of a stop brings the deadline nearer", async () => {
    const run = await running();
    run.supervisor.stop("SIGTERM");
    run.clock.advance(10_000);
    run.supervisor.fastStop("SIGQUIT");
    run.clock.advance(8_000);
    expect(await run.finished()).toBe(137);
  });

  test("but it never puts it off, nor does a second TERM", async () => {
    const run = await running();
    run.supervisor.stop("SIGTERM");
    run.clock.advance(24_000);
    run.supervisor.stop("SIGTERM");
    run.supervisor.fastStop("SIGQUIT");
    run.clock.advance(999);
    expect(run.stateOf("app")).toBe("stopping");
    run.clock.advance(1);
    expect(run.stateOf("app")).toBe("killing");
    expect(await run.finished()).toBe(137);
  });

  test("with time to spare nothing is killed: the deadline is forgotten", async () => {
    const run = new Supervised([servicePlan("app", "steady")]);
    run.supervisor.start();
    await run.ready(["app"]);
    run.supervisor.stop("SIGTERM");
    expect(await run.finished()).toBe(0);
    run.clock.advance(60_000);
    expect(run.records().some(({ code }) => code !== undefined)).toBe(false);
  });
});
