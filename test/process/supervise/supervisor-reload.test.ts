import { describe, expect, test } from "vitest";
import { DjinitError } from "../../../src/base/errors.ts";
import { eventually } from "../../support/eventually.ts";
import { fixture, Supervised, servicePlan } from "../../support/supervised.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const directory = temporaryDirectory();
let files = 0;

/** A check that ends when the test says with which status. */
function check(says = "ImportError: no module named cakes") {
  files += 1;
  const name = `status-${files}`;
  return {
    argv: ["sh", fixture("checks"), `${directory.path}/${name}`, says],
    ends: (status: number) => directory.write(name, String(status)),
  };
}

async function running(reload: "SIGHUP" | "restart", argv: string[]): Promise<Supervised> {
  const run = new Supervised([servicePlan("app", "names-signals", { reload, check: argv })]);
  run.supervisor.start();
  await run.ready(["app"]);
  return run;
}

const refusals = (run: Supervised) => run.records().filter(({ code }) => code === "DJINIT_RELOAD_REFUSED");
const reloads = (run: Supervised) => run.records().filter(({ msg }) => msg === "reloading app");

describe("a reload whose check fails", () => {
  test.each(["SIGHUP", "restart"] as const)("leaves the old one (%s) as it is, and says why", async (how) => {
    const broken = check();
    broken.ends(1);
    const run = await running(how, broken.argv);
    const { pid } = run.service("app");
    run.supervisor.reload();
    await eventually(() => refusals(run).length > 0);
    const [refusal] = refusals(run);
    expect(refusal).toMatchObject({
      level: "error",
      target: "app",
      lines: ["ImportError: no module named cakes"],
      msg: "cannot reload app: ImportError: no module named cakes; the old one goes on",
    });
    // Nothing ends, so there is no status.
    expect(refusal).not.toHaveProperty("exit_status");
    expect([run.stateOf("app"), run.service("app").pid]).toEqual(["running", pid]);
    expect(reloads(run)).toEqual([]);
  });

  test("by running for a minute is ended and refused", async () => {
    const run = await running("SIGHUP", check().argv);
    run.supervisor.reload();
    await eventually(() => {
      run.clock.advance(60_000);
      return refusals(run).length > 0;
    });
    expect(refusals(run)[0]?.["msg"]).toContain("its check took longer than 60 s");
  });
});

describe("a reload whose check succeeds", () => {
  test("is a HUP where the service takes one; what the check said is not logged", async () => {
    const good = check("EMAIL_URL: smtp://user:s3cr3t@mail");
    good.ends(0);
    const run = await running("SIGHUP", good.argv);
    run.supervisor.reload();
    await eventually(() => run.said().includes("app: got HUP"));
    expect(JSON.stringify(run.records())).not.toContain("s3cr3t");
  });

  test("is a restart where only that helps", async () => {
    const good = check();
    good.ends(0);
    const run = await running("restart", good.argv);
    run.supervisor.reload();
    await run.ready(["app"], 2);
    expect(run.said()).toContain("app: got TERM");
  });

  test("ends one that ignores its signal when the grace period is over, and another takes its place", async () => {
    const run = new Supervised([servicePlan("app", "stubborn", { reload: "restart" })], {
      gracePeriodMs: 7_000,
    });
    run.supervisor.start();
    await run.ready(["app"]);
    const { pid } = run.service("app");
    run.supervisor.reload();
    await eventually(() => run.said().some((line) => line.startsWith("app: no,")));
    run.clock.advance(6_999);
    expect([run.stateOf("app"), run.service("app").pid]).toEqual(["stopping", pid]);
    run.clock.advance(1);
    await run.ready(["app"], 2);
    expect(run.service("app").pid).not.toBe(pid);
    expect(run.service("app").restarts).toBe(0);
    expect(run.records()).toContainEqual(
      expect.objectContaining({
        level: "error",
        target: "app",
        msg: "cannot restart app within 7 s: killing the old process",
      }),
    );
  });

  test("gives way to a stop, whose deadline is its own", async () => {
    const run = new Supervised(
      [servicePlan("app", "stubborn", { reload: "restart" }), servicePlan("other", "steady")],
      { gracePeriodMs: 7_000 },
    );
    run.supervisor.start();
    await run.ready(["app", "other"]);
    run.supervisor.reload();
    await eventually(() => run.said().some((line) => line.startsWith("app: no,")));
    run.clock.advance(6_000);
    run.supervisor.stop("SIGTERM");
    run.clock.advance(6_000);
    expect(run.stateOf("app")).toBe("stopping");
    run.clock.advance(1_000);
    expect(await run.finished()).toBe(137);
    expect(run.said().filter((line) => line === "app: ready")).toHaveLength(1);
  });

  test("comes too late when a stop has begun meanwhile", async () => {
    const slow = check();
    const run = new Supervised([
      servicePlan("app", "names-signals", { reload: "SIGHUP", check: slow.argv }),
      servicePlan("front", "stubborn", { after: ["app"] }),
    ]);
    run.supervisor.start();
    await run.ready(["app", "front"]);
    run.supervisor.reload();
    run.supervisor.stop("SIGTERM");
    slow.ends(0);
    run.clock.advance(1_000);
    await eventually(() => run.said().includes("front: no, TERM"));
    process.kill(run.service("front").pid ?? 0, "SIGKILL");
    expect(await run.finished()).toBe(0);
    expect(reloads(run)).toEqual([]);
    expect(run.said()).not.toContain("app: got HUP");
  });
});

test("a reload that is asked for while one runs comes after it, once, however often it is asked for", async () => {
  const slow = check();
  const run = await running("SIGHUP", slow.argv);
  const asked = () => run.records().filter(({ msg }) => String(msg).startsWith("reload asked for, "));
  run.supervisor.reload();
  // Before anything has been checked.
  await eventually(() => asked().length === 1);
  for (let i = 0; i < 100; i += 1) run.supervisor.reload();
  expect(reloads(run)).toHaveLength(0);
  slow.ends(0);
  await eventually(() => reloads(run).length === 2);
  run.supervisor.reload();
  await eventually(() => reloads(run).length === 3);
  const said = asked().map(({ level, msg }) => `${level}: ${msg}`);
  expect(said).toEqual([
    "info: reload asked for, checking",
    "info: reload asked for, follows the one that runs",
    "info: reload asked for, checking",
  ]);
});

test("a reload that is asked for before the services are started follows when all are ready", async () => {
  const quick = check();
  quick.ends(0);
  const run = new Supervised([servicePlan("app", "names-signals", { reload: "SIGHUP", check: quick.argv })]);
  run.supervisor.reload();
  run.supervisor.start();
  const asked = () =>
    run
      .records()
      .map(({ msg }) => String(msg))
      .filter((msg) => /^(reload asked for, |ready: )/.test(msg));
  await eventually(() => run.said().includes("app: ready"));
  expect(asked()).toEqual(["reload asked for, follows the start"]);
  await run.ready(["app"]);
  await eventually(() => reloads(run).length === 1);
  expect(asked()).toEqual([
    "reload asked for, follows the start",
    "ready: every service of role web has come up",
    "reload asked for, checking",
  ]);
});

test("a reload that is asked for during a stop is refused, and one record says so", async () => {
  const run = await running("SIGHUP", check().argv);
  run.supervisor.stop("SIGTERM");
  run.supervisor.reload();
  expect(await run.finished()).toBe(0);
  expect(run.records().filter(({ msg }) => String(msg).startsWith("reload"))).toMatchObject([
    { level: "warn", msg: "reload refused: the container is being stopped" },
  ]);
});

describe("a reload with another environment", () => {
  const reading = (name: string, argv: string[], readsEnvironment: boolean) =>
    servicePlan(name, "names-signals", { reload: "SIGHUP", check: argv, readsEnvironment });

  test("starts those anew that read it, and leaves others their process", async () => {
    const good = check();
    good.ends(0);
    const run = new Supervised([reading("app", good.argv, true), reading("front", good.argv, false)]);
    run.supervisor.start();
    await run.ready(["app", "front"]);
    run.newEnvironment = () => ({ ...process.env, GREETING: "two" });
    run.supervisor.reload();
    await eventually(() => run.said().includes("front: got HUP"));
    await run.ready(["app"], 2);
    expect(run.said()).toContain("app: got TERM");
    expect(run.said()).not.toContain("app: got HUP");
    expect(run.service("app").environment["GREETING"]).toBe("two");
    // The same once more is none.
    run.supervisor.reload();
    await eventually(() => run.said().includes("app: got HUP"));
  });

  test("is not taken over by a service that its check refuses", async () => {
    const broken = check();
    broken.ends(1);
    const run = new Supervised([reading("app", broken.argv, true)]);
    run.supervisor.start();
    await run.ready(["app"]);
    run.newEnvironment = () => ({ ...process.env, GREETING: "two" });
    run.supervisor.reload();
    await eventually(() => refusals(run).length > 0);
    expect(run.service("app").environment["GREETING"]).toBeUndefined();
    await eventually(() => run.settled.length === 1);
    broken.ends(0);
    run.supervisor.reload();
    await run.ready(["app"], 2);
    expect(run.settled).toEqual([false, true]);
  });

  test("that cannot be read is refused as a whole", async () => {
    const good = check();
    good.ends(0);
    const run = await running("SIGHUP", good.argv);
    run.newEnvironment = () => {
      throw new DjinitError("DJINIT_RELOAD_REFUSED", "cannot reload: no such file");
    };
    run.supervisor.reload();
    await eventually(() => refusals(run).length > 0);
    expect(reloads(run)).toEqual([]);
    await eventually(() => expect(run.settled).toEqual([false]));
  });
});
