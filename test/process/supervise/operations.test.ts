import { describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { Supervised, servicePlan } from "../../support/supervised.ts";

async function startedOf(names: Record<string, string>, after: Record<string, string[]> = {}) {
  const run = new Supervised(
    Object.entries(names).map(([name, script]) => servicePlan(name, script, { after: after[name] ?? [] })),
  );
  run.supervisor.start();
  for (const name of Object.keys(names)) await run.ready([name]);
  return run;
}

describe("an operator", () => {
  test("stops a service, and it stays so; the rest goes on, ready without it", async () => {
    const run = await startedOf({ app: "steady", worker: "steady" });
    const { operations } = run.supervisor;
    await operations.stop(run.service("worker"));
    expect(run.stateOf("worker")).toBe("stopped");
    expect(operations.holds(run.service("worker"))).toBe(true);
    run.clock.advance(600_000);
    expect(run.stateOf("worker")).toBe("stopped");
    expect(run.supervisor.counts(run.service("worker"))).toBe(false);
    expect(run.supervisor.ready).toBe(true);
    await operations.stop(run.service("app"));
    // Nothing is left that could be ready.
    expect(run.supervisor.ready).toBe(false);
    expect(run.status).toBeUndefined();
    const starting = operations.start(run.service("worker"));
    await run.ready(["worker"], 2);
    await starting;
    expect(operations.holds(run.service("worker"))).toBe(false);
    run.supervisor.stop("SIGTERM");
    expect(await run.finished()).toBe(0);
  });

  test("stops what others need: that counts", async () => {
    const run = await startedOf({ app: "steady", front: "steady" }, { front: ["app"] });
    await run.supervisor.operations.stop(run.service("app"));
    expect(run.supervisor.counts(run.service("app"))).toBe(true);
    expect(run.supervisor.ready).toBe(false);
  });

  test("restarts a service: another process, and no failure is counted", async () => {
    const run = await startedOf({ app: "steady" });
    const { pid } = run.service("app");
    const restarting = run.supervisor.operations.restart(run.service("app"));
    await run.ready(["app"], 2);
    await restarting;
    expect(run.service("app").pid).not.toBe(pid);
    expect(run.service("app").restarts).toBe(0);
  });

  test("restarts one that ignores its signal: it is killed when the grace period is over, and comes back", async () => {
    const run = await startedOf({ app: "stubborn" });
    const { pid } = run.service("app");
    const restarting = run.supervisor.operations.restart(run.service("app"));
    await eventually(() => run.said().some((line) => line.startsWith("app: no,")));
    expect(run.service("app").pid).toBe(pid);
    run.clock.advance(25_100);
    await run.ready(["app"], 2);
    await restarting;
    expect(run.stateOf("app")).toBe("running");
    expect(run.service("app").pid).not.toBe(pid);
  });

  test("stops one that ignores its signal: it is killed, not forgotten", async () => {
    const run = await startedOf({ app: "stubborn", other: "steady" });
    const stopping = run.supervisor.operations.stop(run.service("app"));
    await eventually(() => run.said().some((line) => line.startsWith("app: no,")));
    run.clock.advance(25_100);
    await stopping;
    expect(run.stateOf("app")).toBe("stopped");
    expect(run.service("app").state.exitStatus).toBe(137);
  });

  test("stops one that is being restarted: it stays stopped, until it is restarted again", async () => {
    const run = await startedOf({ app: "stubborn", other: "steady" });
    const { operations } = run.supervisor;
    const restarting = operations.restart(run.service("app"));
    await eventually(() => run.said().some((line) => line.startsWith("app: no,")));
    const stopping = operations.stop(run.service("app"));
    run.clock.advance(25_100);
    await Promise.all([restarting, stopping]);
    expect(run.stateOf("app")).toBe("stopped");
    expect(operations.holds(run.service("app"))).toBe(true);
    const again = operations.restart(run.service("app"));
    await run.ready(["app"], 2);
    await again;
    expect(operations.holds(run.service("app"))).toBe(false);
  });

  test("restarts one that is being stopped: it comes back", async () => {
    const run = await startedOf({ app: "stubborn", other: "steady" });
    const { operations } = run.supervisor;
    const stopping = operations.stop(run.service("app"));
    await eventually(() => run.said().some((line) => line.startsWith("app: no,")));
    const restarting = operations.restart(run.service("app"));
    run.clock.advance(25_100);
    await run.ready(["app"], 2);
    await Promise.all([restarting, stopping]);
    expect(run.stateOf("app")).toBe("running");
    expect(operations.holds(run.service("app"))).toBe(false);
  });

  test("has nothing started any more while the container stops", async () => {
    const run = await startedOf({ app: "stubborn", other: "steady" });
    const restarting = run.supervisor.operations.restart(run.service("app"));
    await eventually(() => run.said().some((line) => line.startsWith("app: no,")));
    run.supervisor.stop("SIGTERM");
    await restarting;
    run.clock.advance(25_100);
    expect(await run.finished()).toBe(137);
    expect(run.said().filter((line) => line === "app: ready")).toHaveLength(1);
  });
});
