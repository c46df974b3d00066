import { describe, expect, test } from "vitest";
import { findProblems } from "../../../src/plan/build-plan.ts";
import { readCommand } from "../../../src/plan/role.ts";
import { configOf } from "../../support/planned.ts";
import { Supervised, servicePlan } from "../../support/supervised.ts";

async function running(script = "steady"): Promise<Supervised> {
  const run = new Supervised(
    [
      servicePlan("app", "steady"),
      servicePlan("front", script, { after: ["app"], facesClients: true }),
      servicePlan("worker", "steady"),
    ],
    { drainDelayMs: 10_000 },
  );
  run.supervisor.start();
  await run.ready(["app", "front", "worker"]);
  return run;
}

describe("with a drain delay", () => {
  test("what faces clients goes on for so long, and what it needs; the others are asked at once", async () => {
    const run = await running();
    run.supervisor.stop("SIGTERM");
    expect(run.supervisor.ready).toBe(false);
    await run.reaches("worker", "stopped");
    run.clock.advance(9_999);
    expect([run.stateOf("front"), run.stateOf("app")]).toEqual(["running", "running"]);
    run.clock.advance(1);
    expect(run.stateOf("front")).toBe("stopping");
    expect(await run.finished()).toBe(0);
  });

  test("QUIT cuts it short", async () => {
    const run = await running();
    run.supervisor.stop("SIGTERM");
    run.supervisor.fastStop("SIGQUIT");
    expect(run.stateOf("front")).toBe("stopping");
    expect(await run.finished()).toBe(0);
  });

  test("nobody waits when the stop is because of a failure", async () => {
    const run = await running();
    run.supervisor.stop("worker failed", 3);
    expect(run.stateOf("front")).toBe("stopping");
    expect(await run.finished()).toBe(3);
  });

  test("it is part of the grace period, not on top of it", async () => {
    const run = await running("stubborn");
    run.supervisor.stop("SIGTERM");
    run.clock.advance(24_999);
    expect(run.stateOf("front")).toBe("stopping");
    run.clock.advance(1);
    expect(run.stateOf("front")).toBe("killing");
    expect(await run.finished()).toBe(137);
  });

  test("what has not been started yet has no clients and is not waited for", async () => {
    const run = new Supervised(
      [servicePlan("app", "steady"), servicePlan("front", "steady", { after: ["app"], facesClients: true })],
      { drainDelayMs: 10_000 },
    );
    run.supervisor.start();
    run.supervisor.stop("SIGTERM");
    await run.finished();
    expect(run.said()).not.toContain("front: ready");
  });
});

test.each([
  ["25", "25", true],
  ["30", "25", true],
  ["24.9", "25", false],
  ["0", "1", false],
])("DJINIT_DRAIN_DELAY=%s with DJINIT_GRACE_PERIOD=%s: a problem is %j", (delay, grace, is) => {
  const config = configOf({
    DJINIT_DRAIN_DELAY: delay,
    DJINIT_GRACE_PERIOD: grace,
    DJANGO_SETTINGS_MODULE: "s",
  });
  const problems = findProblems(readCommand(["a:b"]), config);
  expect(problems.map(({ variable }) => variable)).toEqual(is ? ["DJINIT_DRAIN_DELAY"] : []);
});
