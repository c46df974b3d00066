// What a stop does for those that hold connections open, and for those that hold tasks.
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { Supervised, servicePlan } from "../../support/supervised.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

async function running(
  services: ReturnType<typeof servicePlan>[],
  gracePeriodMs = 25_000,
): Promise<Supervised> {
  const run = new Supervised(services, { gracePeriodMs });
  run.supervisor.start();
  await run.ready(services.map(({ name }) => name));
  return run;
}

/** One that stands between clients and `app`, and ends by KILL only. */
const front = () => servicePlan("front", "stubborn", { after: ["app"], facesClients: true });
const kill = (run: Supervised, name: string) => process.kill(run.service(name).pid ?? 0, "SIGKILL");

describe("a server in front that does not end", () => {
  test("is left to it, and the application is made to give up what it holds", async () => {
    const run = await running([servicePlan("app", "names-signals", { reload: "SIGHUP" }), front()]);
    run.supervisor.stop("SIGTERM");
    await eventually(() => run.said().includes("front: no, TERM"));
    run.clock.advance(2_900);
    expect(run.said()).not.toContain("app: got HUP");
    run.clock.advance(250);
    await eventually(() => run.said().includes("app: got HUP"));
    run.clock.advance(10_000);
    kill(run, "front");
    expect(await run.finished()).toBe(0);
    expect(run.said().filter((line) => line === "app: got HUP")).toHaveLength(1);
  });

  test("is made to hurry only when the application has ended, which may say goodbye", async () => {
    const run = await running([servicePlan("app", "stubborn"), front()]);
    run.supervisor.fastStop("SIGQUIT");
    // Each signal is waited for: a shell that finds two of them pending says the one with the lower number first.
    await eventually(() => run.said().includes("front: no, TERM") && run.said().includes("app: no, QUIT"));
    expect(run.said()).not.toContain("front: no, QUIT");
    kill(run, "app");
    await eventually(() => run.said().includes("front: no, QUIT"));
    expect(run.stateOf("app")).toBe("stopped");
    kill(run, "front");
    expect(await run.finished()).toBe(0);
  });

  test("is made to hurry all the same when the application takes its time", async () => {
    const run = await running([servicePlan("app", "stubborn"), front()]);
    run.supervisor.fastStop("SIGQUIT");
    await eventually(() => run.said().includes("front: no, TERM") && run.said().includes("app: no, QUIT"));
    run.clock.advance(1_499);
    expect(run.said()).not.toContain("front: no, QUIT");
    run.clock.advance(1);
    await eventually(() => run.said().includes("front: no, QUIT"));
    run.clock.advance(8_000);
    expect(await run.finished()).toBe(137);
  });
});

describe("a last call", () => {
  const lastCall = { signal: "SIGQUIT" as const, beforeKillMs: 4_000 };
  const exceeded = (run: Supervised) =>
    run.records().filter(({ code }) => code === "DJINIT_GRACE_PERIOD_EXCEEDED");

  test.each([
    [25_000, 21_000],
    [8_000, 4_000],
    // Of a short one the first half is for the work.
    [3_000, 1_500],
  ])("with %i ms comes after %i ms, before the kill", async (gracePeriodMs, afterMs) => {
    const run = await running([servicePlan("app", "stubborn", { lastCall })], gracePeriodMs);
    run.supervisor.stop("SIGTERM");
    await eventually(() => run.said().includes("app: no, TERM"));
    run.clock.advance(afterMs - 1);
    expect(exceeded(run)).toEqual([]);
    run.clock.advance(1);
    await eventually(() => run.said().includes("app: no, QUIT"));
    await eventually(() => expect(exceeded(run)).toMatchObject([{ targets: ["app"], signal: "SIGQUIT" }]));
    expect(run.stateOf("app")).toBe("stopping");
    run.clock.advance(gracePeriodMs - afterMs);
    expect(await run.finished()).toBe(137);
  });

  test("comes earlier for celery's own patience, and tells which tasks run", async () => {
    const heartbeatFile = `${temporaryDirectory().path}/app.heartbeat`;
    const run = await running([servicePlan("app", "stubborn", { lastCall, heartbeatFile })]);
    const pid = run.service("app").pid;
    const underWay = [["shop.bake", "42-a", Number(process.hrtime.bigint()) / 1e9 - 90]];
    const told = {
      pid,
      kind: "worker",
      state: "connecting",
      at: 1,
      thread: 1,
      soft_shutdown: 5,
      running: underWay,
    };
    writeFileSync(heartbeatFile, JSON.stringify({ seq: 1, ...told, end: 1 }));
    run.supervisor.stop("SIGTERM");
    await eventually(() => run.said().includes("app: no, TERM"));
    run.clock.advance(15_999);
    expect(exceeded(run)).toEqual([]);
    run.clock.advance(1);
    await eventually(() => run.said().includes("app: no, QUIT"));
    run.clock.advance(9_000);
    expect(await run.finished()).toBe(137);
    const tasks = [expect.stringMatching(/^shop\.bake\[42-a\] for 9\d s$/)];
    expect(exceeded(run)).toMatchObject([
      { signal: "SIGQUIT", tasks },
      { targets: ["app"], tasks },
    ]);
  });

  test("does not come for one that has ended in time", async () => {
    const run = await running([servicePlan("app", "steady", { lastCall })]);
    run.supervisor.stop("SIGTERM");
    expect(await run.finished()).toBe(0);
    run.clock.advance(60_000);
    expect(exceeded(run)).toEqual([]);
  });

  test("does not come for one without processes of its own, which would take it for the end", async () => {
    const argv = ["sh", "-c", 'trap "" TERM; echo ready; exec sleep 1000'];
    const run = await running([servicePlan("app", "steady", { argv, lastCall })], 8_000);
    run.supervisor.stop("SIGTERM");
    run.clock.advance(7_999);
    expect([run.stateOf("app"), exceeded(run)]).toEqual(["stopping", []]);
    run.clock.advance(1);
    expect(await run.finished()).toBe(137);
  });

  test("comes for one that an operator stops, too", async () => {
    const run = await running([servicePlan("app", "stubborn", { lastCall }), servicePlan("other", "steady")]);
    let isStopped = false;
    void run.supervisor.operations.stop(run.service("app")).then(() => {
      isStopped = true;
    });
    await eventually(() => run.said().includes("app: no, TERM"));
    run.clock.advance(21_000);
    await eventually(() => run.said().includes("app: no, QUIT"));
    await eventually(() => {
      run.clock.advance(1_000);
      return isStopped;
    });
    expect(run.stateOf("app")).toBe("stopped");
    expect(run.stateOf("other")).toBe("running");
  });
});
