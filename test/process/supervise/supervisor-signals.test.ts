import { describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { Supervised, servicePlan } from "../../support/supervised.ts";

// A busy machine may take its time.

const FORWARDED = ["SIGUSR1", "SIGUSR2", "SIGTTIN", "SIGTTOU", "SIGWINCH"] as const;

describe("reload", () => {
  test("HUP where the service can, a restart where only that does, nothing where neither does", async () => {
    const run = new Supervised([
      servicePlan("app", "names-signals", { reload: "SIGHUP" }),
      servicePlan("worker", "steady", { reload: "restart" }),
      servicePlan("other", "names-signals"),
    ]);
    run.supervisor.start();
    await run.ready(["app", "worker", "other"]);
    const { pid } = run.service("app");
    run.supervisor.reload();
    await eventually(() => run.said().includes("app: got HUP"));
    await run.ready(["worker"], 2);
    expect(run.service("app").pid).toBe(pid);
    expect(run.said()).toContain("worker: stopped by TERM");
    expect(run.said()).not.toContain("other: got HUP");
    // A restart that was asked for is no failure.
    expect(run.service("worker").restarts).toBe(0);
  });

  test("not after the stop has begun", async () => {
    const run = new Supervised([servicePlan("app", "stubborn", { reload: "SIGHUP" })]);
    run.supervisor.start();
    await run.ready(["app"]);
    run.supervisor.stop("SIGTERM");
    run.supervisor.reload();
    run.clock.advance(25_000);
    expect(await run.finished()).toBe(137);
    expect(run.records().some(({ msg }) => String(msg).startsWith("reloading"))).toBe(false);
  });
});

describe("forwarded signals", () => {
  test.each(FORWARDED)(
    "%s reaches the service it means something to, its main process, and no other",
    async (signal) => {
      const run = new Supervised([
        servicePlan("app", "names-signals", { forwards: [signal] }),
        servicePlan("worker", "names-signals", { forwards: FORWARDED.filter((other) => other !== signal) }),
      ]);
      run.supervisor.start();
      await run.ready(["app", "worker"]);
      run.supervisor.forward(signal);
      await eventually(() => run.said().includes(`app: got ${signal.slice(3)}`));
      run.supervisor.stop("SIGTERM");
      expect(await run.finished()).toBe(0);
      const got = run.said().filter((line) => line.includes(": got ") && !line.endsWith("TERM"));
      expect(got).toEqual([`app: got ${signal.slice(3)}`]);
    },
  );

  test("one that means nothing to anybody is warned about", async () => {
    const run = new Supervised([servicePlan("app", "names-signals")]);
    run.supervisor.start();
    await run.ready(["app"]);
    run.supervisor.forward("SIGUSR2");
    await eventually(() =>
      run.records().some(({ level, signal }) => level === "warn" && signal === "SIGUSR2"),
    );
  });

  test("a service that is not ready is not signalled: it might have no handler yet", async () => {
    const run = new Supervised([servicePlan("app", "names-signals", { forwards: ["SIGUSR1"] })]);
    run.supervisor.start();
    await eventually(() => run.said().includes("app: ready"));
    run.supervisor.forward("SIGUSR1");
    await run.ready(["app"]);
    run.supervisor.stop("SIGTERM");
    expect(await run.finished()).toBe(0);
    expect(run.said()).not.toContain("app: got USR1");
  });

  test("a service that has no handler for it is not signalled, ready or not: it would end or freeze", async () => {
    const forwards: NodeJS.Signals[] = ["SIGUSR1", "SIGTTIN"];
    const run = new Supervised([servicePlan("app", "steady", { forwards })]);
    run.supervisor.start();
    await run.ready(["app"]);
    for (const signal of forwards) {
      run.supervisor.forward(signal);
      const warning = `${signal} not forwarded: app is not ready for it`;
      await eventually(() => run.records().some(({ msg }) => msg === warning), { what: warning });
    }
    run.supervisor.stop("SIGTERM");
    expect(await run.finished()).toBe(0);
    expect(run.said()).toEqual(["app: ready", "app: stopped by TERM"]);
  });
});
