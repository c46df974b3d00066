import { afterEach, describe, expect, test } from "vitest";
import type { Plan, ServicePlan } from "../../../src/plan/plan.ts";
import { readProcessStat } from "../../../src/platform/proc.ts";
import { eventually } from "../../support/eventually.ts";
import { SuperviseProcess } from "../../support/node-process.ts";
import { planOfServices, servicePlan } from "../../support/supervised.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const TIMEOUT_MS = 30_000;
const directory = temporaryDirectory();
const started: SuperviseProcess[] = [];
let plans = 0;

afterEach(() => {
  for (const { child } of started.splice(0)) child.kill("SIGKILL");
});

function supervise(services: ServicePlan[], more: Partial<Plan> = {}, options = {}): SuperviseProcess {
  plans += 1;
  const planFile = directory.write(`plan-${plans}.json`, JSON.stringify(planOfServices(services, more)));
  const run = new SuperviseProcess(planFile, options);
  started.push(run);
  return run;
}

/** In real time a service is ready a moment after its process is. */
const soon = { readiness: { kind: "settled" as const, afterMs: 1 } };

describe("signals to PID 1", { timeout: TIMEOUT_MS }, () => {
  test.each([
    ["SIGTERM", "app: stopped by TERM"],
    ["SIGINT", "app: stopped by TERM"],
    ["SIGQUIT", "app: stopped by QUIT"],
  ] as const)("%s stops, and the status is 0", async (signal, last) => {
    const run = supervise([servicePlan("app", "steady", soon)]);
    await run.says("app: ready");
    run.signal(signal);
    expect(await run.ended()).toBe(0);
    await run.says(last);
    expect(JSON.parse(run.lines().at(-1) ?? "")).toMatchObject({ service: "djinit", exit_status: 0 });
  });

  test("HUP reloads, the others go where they mean something", async () => {
    const forwards: NodeJS.Signals[] = ["SIGUSR1", "SIGUSR2", "SIGTTIN", "SIGTTOU", "SIGWINCH"];
    const run = supervise([servicePlan("app", "names-signals", { ...soon, forwards, reload: "SIGHUP" })]);
    await eventually(() => run.lines().some((line) => line.includes("ready: every service")));
    await run.says("app: ready");
    for (const signal of ["SIGHUP", ...forwards] as const) {
      run.signal(signal);
      await run.says(`app: got ${signal.slice(3)}`);
    }
    run.signal("SIGTERM");
    expect(await run.ended()).toBe(0);
  });

  test("one that comes as early as can be is not lost", async () => {
    const run = supervise([servicePlan("app", "steady", soon)]);
    // Before Node itself has begun nobody can hold a signal; PID 1 of a container is not ended by it either.
    await eventually(() => run.said().length > 0 || run.lines().length > 0);
    run.signal("SIGTERM");
    run.signal("SIGTERM");
    expect(await run.ended()).toBe(0);
  });
});

describe("exit statuses", { timeout: TIMEOUT_MS }, () => {
  test("the grace period is over: 137", async () => {
    const run = supervise([servicePlan("app", "stubborn", soon)], { gracePeriodMs: 300 });
    await run.says("app: ready");
    run.signal("SIGTERM");
    expect(await run.ended()).toBe(137);
  });

  test("a service that cannot be kept running: its own status", async () => {
    const run = supervise([servicePlan("app", "dies 3", soon)], { maxRestarts: 1 });
    expect(await run.ended()).toBe(3);
    expect(run.said()).toEqual(["app: ready", "app: ready"]);
  });

  test("an error that djinit did not foresee: 70, after an ordered stop and one record that says where", async () => {
    const broken = { kind: "log" as const, pattern: "(", orFile: "/none/ready", orAfterMs: 1 };
    const run = supervise([
      servicePlan("app", "steady", soon),
      // Its pattern is no regular expression, which comes out when it is started.
      servicePlan("front", "steady", { readiness: broken, after: ["app"] }),
    ]);
    expect(await run.ended()).toBe(70);
    const records = run.lines().map((line) => JSON.parse(line) as Record<string, unknown>);
    const error = records.find(({ code }) => code === "DJINIT_INTERNAL");
    expect(error).toMatchObject({ level: "error", exit_status: 70 });
    expect(error?.["stack"]).toContain("SyntaxError");
    expect(run.said()).toContain("app: stopped by TERM");
    expect(records.at(-1)).toMatchObject({ msg: "stopped, exit status 70" });
  });

  test("a plan that is not there: 70, and one record that says so", async () => {
    const run = new SuperviseProcess(`${directory.path}/missing.json`);
    started.push(run);
    expect(await run.ended()).toBe(70);
    await eventually(() => expect(run.lines()).toHaveLength(1));
    expect(JSON.parse(run.lines()[0] ?? "")).toMatchObject({
      level: "fatal",
      service: "djinit",
      code: "DJINIT_INTERNAL",
      exit_status: 70,
    });
  });
});

describe("stdout", { timeout: TIMEOUT_MS }, () => {
  test("nobody reads it: PID 1 still answers a stop", async () => {
    const run = supervise([servicePlan("app", "chatters", soon)], {}, { reads: false });
    // The pipe is full when what is to be read stays the same.
    let last = -1;
    await eventually(
      () => {
        const before = last;
        last = run.child.stdout.readableLength;
        return last > 0 && last === before;
      },
      { intervalMs: 500 },
    );
    run.signal("SIGTERM");
    expect(await run.ended()).toBe(0);
  });

  test("its reader has left: the services go on, and a stop is answered", async () => {
    const run = supervise([servicePlan("app", "chatters", soon), servicePlan("worker", "steady", soon)]);
    await run.says("worker: ready");
    run.child.stdout.destroy();
    expect(run.child.exitCode).toBeNull();
    run.signal("SIGTERM");
    expect(await run.ended()).toBe(0);
  });
});

test("an orphan is reaped, though djinit is not PID 1 here", { timeout: TIMEOUT_MS }, async () => {
  const run = supervise([servicePlan("app", `orphans ${directory.path}/mark`, soon)]);
  await eventually(() => run.said().some((line) => line.startsWith("app: orphan ")));
  await run.says("app: ready");
  const orphan = Number(
    run
      .said()
      .find((line) => line.startsWith("app: orphan "))
      ?.split(" ")
      .at(-1),
  );
  expect(readProcessStat(orphan)?.parentPid).toBe(run.child.pid);
  directory.write("mark", "");
  // A zombie would still be there.
  await eventually(() => expect(readProcessStat(orphan)).toBeUndefined());
  run.signal("SIGTERM");
  expect(await run.ended()).toBe(0);
});
