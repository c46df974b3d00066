import { describe, expect, test } from "vitest";
import { reload } from "../../../src/control/answers/reload.ts";
import { restart } from "../../../src/control/answers/restart.ts";
import { scale } from "../../../src/control/answers/scale.ts";
import { start } from "../../../src/control/answers/start.ts";
import { status, statusOf } from "../../../src/control/answers/status.ts";
import { stop } from "../../../src/control/answers/stop.ts";
import { isAsked } from "../../../src/control/answers.ts";
import type { AdminContext } from "../../../src/control/context.ts";
import type { Service } from "../../../src/supervise/service.ts";
import { eventually } from "../../support/eventually.ts";
import { Supervised, servicePlan } from "../../support/supervised.ts";

const ENDS_WHEN_ASKED = "trap exit TERM; echo ready; while :; do sleep 0.02; done";
/** Its child is the worker; it says each signal that asks for another. */
const HAS_ONE_WORKER =
  "trap 'echo in' TTIN; trap '' TTOU; trap exit TERM; sleep 600 & echo ready; while :; do wait; done";
const argv = ["sh", "-c", ENDS_WHEN_ASKED];

/** nginx after gunicorn, both ready, and a context to ask about them in. */
async function started(gunicorn = ENDS_WHEN_ASKED) {
  const supervised = new Supervised([
    servicePlan("gunicorn", "unused", { argv: ["sh", "-c", gunicorn], forwards: ["SIGTTIN", "SIGTTOU"] }),
    servicePlan("nginx", "unused", { argv, after: ["gunicorn"] }),
  ]);
  const { supervisor } = supervised;
  supervisor.start();
  await supervised.ready(["gunicorn"]);
  await supervised.ready(["nginx"]);
  const told: string[] = [];
  const info = (_: object, msg: string) => told.push(msg);
  const context = { supervisor, log: { info } } as unknown as AdminContext;
  return { supervised, supervisor, context, told };
}

/** What is done while the clock goes on until it has happened. */
async function done<T>(supervised: Supervised, what: Promise<T>): Promise<T> {
  let result: { value: T } | undefined;
  let failed: unknown;
  what.then(
    (value) => {
      result = { value };
    },
    (error) => {
      failed = error;
    },
  );
  await eventually(() => {
    supervised.clock.advance(10);
    return result !== undefined || failed !== undefined;
  });
  if (result === undefined) throw failed;
  return result.value;
}

test("a verb is one of those that PID 1 answers, by a name of its own", () => {
  expect(["status", "logs"].map(isAsked)).toEqual([true, true]);
  expect(["", "toString", "config", 7, undefined, ["status"]].map(isAsked)).toEqual(Array(6).fill(false));
});

describe("stop, start and restart", () => {
  test("do it, say so in the log, and tell what it means for the container", async () => {
    const { supervised, context, told } = await started();
    expect(await done(supervised, stop({ verb: "stop", service: "gunicorn" }, context))).toEqual({
      ok: true,
      done: "gunicorn is stopped; nginx runs on without it; the container is not ready until it is started again",
    });
    expect(await done(supervised, start({ verb: "start", service: "gunicorn" }, context))).toEqual({
      ok: true,
      done: "gunicorn is running",
    });
    const pid = supervised.service("nginx").pid;
    expect(await done(supervised, restart({ verb: "restart", service: "nginx" }, context))).toEqual({
      ok: true,
      done: "nginx is running",
    });
    expect(supervised.service("nginx").pid).not.toBe(pid);
    expect(told).toEqual([
      "stopping gunicorn: an operator asked for it",
      "starting gunicorn: an operator asked for it",
      "restarting nginx: an operator asked for it",
    ]);
  });

  test("a restart starts one that is stopped", async () => {
    const { supervised, context, told } = await started();
    await done(supervised, stop({ verb: "stop", service: "nginx" }, context));
    const asked = restart({ verb: "restart", service: "nginx" }, context);
    expect(await done(supervised, asked)).toEqual({ ok: true, done: "nginx is running" });
    expect(told.at(-1)).toBe("starting nginx: an operator asked for it");
  });

  test("tell what one that does not come up said last", async () => {
    const { supervised, context } = await started();
    const { plan } = supervised.service("nginx");
    await done(supervised, stop({ verb: "stop", service: "nginx" }, context));
    Object.assign(plan, { argv: ["sh", "-c", "echo no flour >&2; exit 7"] });
    const { ok, done: text } = await done(supervised, start({ verb: "start", service: "nginx" }, context));
    expect(ok).toBe(false);
    expect(text).toBe("nginx has not come up: it is backoff; it said last: no flour");
  });

  test("refuse what is so already, what needs another, and names that nobody has", async () => {
    const { supervised, context } = await started();
    await expect(start({ verb: "start", service: "nginx" }, context)).rejects.toThrow(
      "cannot start nginx: it is running already; `djinit restart nginx` starts it anew",
    );
    await done(supervised, stop({ verb: "stop", service: "nginx" }, context));
    await expect(stop({ verb: "stop", service: "nginx" }, context)).rejects.toThrow(
      "cannot stop nginx: it is stopped already; `djinit start nginx` starts it",
    );
    await done(supervised, stop({ verb: "stop", service: "gunicorn" }, context));
    await expect(start({ verb: "start", service: "nginx" }, context)).rejects.toThrow(
      "cannot start nginx: it needs gunicorn, which is stopped",
    );
    await expect(stop({ verb: "stop", service: "redis" }, context)).rejects.toThrow(
      'cannot find a service "redis" in this container: there are gunicorn, nginx',
    );
  });

  test("mean all of an entry's processes by its name: a restart one after the other", async () => {
    const supervised = new Supervised(
      ["rq.1", "rq.2", "rqs"].map((name) => servicePlan(name, "unused", { argv })),
    );
    const { supervisor } = supervised;
    supervisor.start();
    await supervised.ready(["rq.1", "rq.2", "rqs"]);
    const context = { supervisor, log: { info: () => {} } } as unknown as AdminContext;
    const pids = () => ["rq.1", "rq.2", "rqs"].map((name) => supervised.service(name).pid);
    const before = pids();
    let down = 0;
    for (const name of ["rq.1", "rq.2"])
      supervised.service(name).watch(() => {
        const states = ["rq.1", "rq.2"].map((it) => supervised.service(it).ready);
        down = Math.max(down, states.filter((ready) => !ready).length);
      });
    expect(await done(supervised, restart({ verb: "restart", service: "rq" }, context))).toEqual({
      ok: true,
      done: "rq.1 is running\nrq.2 is running",
    });
    expect(pids().map((pid, at) => pid === before[at])).toEqual([false, false, true]);
    expect(down).toBe(1);

    await done(supervised, stop({ verb: "stop", service: "rq.2" }, context));
    expect(await done(supervised, stop({ verb: "stop", service: "rq" }, context))).toEqual({
      ok: true,
      done: "rq.1 is stopped",
    });
    await expect(stop({ verb: "stop", service: "rq" }, context)).rejects.toThrow(
      "cannot stop rq: rq.1 is stopped, rq.2 is stopped already; `djinit start rq` starts it",
    );
    Object.assign(supervised.service("rq.1").plan, { argv: ["sh", "-c", "echo no flour >&2; exit 7"] });
    expect(await done(supervised, restart({ verb: "restart", service: "rq" }, context))).toEqual({
      ok: false,
      done: "rq.1 has not come up: it is backoff; it said last: no flour\nrq.2: not restarted",
    });
    const { done: text } = await done(supervised, start({ verb: "start", service: "rq" }, context));
    expect(text).toMatch(/(^|\n)rq\.2 is running$/);
    await expect(start({ verb: "start", service: "rqs" }, context)).rejects.toThrow(
      "cannot start rqs: it is running already",
    );
  });

  test("refuse while the container stops, and so does a reload", async () => {
    const { supervisor, context } = await started();
    expect(reload({ verb: "reload" }, context)).toMatchObject({ ok: true });
    supervisor.stop("the test");
    for (const [verb, answer] of Object.entries({ restart, start, stop, scale }))
      await expect(answer({ verb: "stop", service: "nginx" }, context)).rejects.toThrow(
        `cannot ${verb} nginx: the container is being stopped`,
      );
    expect(() => reload({ verb: "reload" }, context)).toThrow(
      "cannot reload: the container is being stopped",
    );
  });

  test("refuse a command, which the container ends with", async () => {
    const supervised = new Supervised([servicePlan("command", "unused", { argv, restart: "no" })]);
    const context = { supervisor: supervised.supervisor } as unknown as AdminContext;
    await expect(stop({ verb: "stop", service: "command" }, context)).rejects.toThrow(
      "cannot stop command: the container ends when its command does",
    );
    await expect(stop({ verb: "stop", service: "web" }, context)).rejects.toThrow("there is command");
  });
});

describe("scale", () => {
  test.each([
    ["gunicorn", "many", 'cannot scale gunicorn: it has 1 now, and "many" does not lead to 1 to 1024'],
    ["gunicorn", "1.5", '"1.5" does not lead'],
    ["gunicorn", "0", '"0" does not lead'],
    ["gunicorn", "-1", '"-1" does not lead'],
    ["gunicorn", "1025", '"1025" does not lead'],
    ["gunicorn", "+1024", '"+1024" does not lead'],
    ["gunicorn", "", '"" does not lead'],
    ["nginx", "+1", "cannot scale nginx: only gunicorn can be scaled"],
  ])("refuses %s %s", async (service, workers, text) => {
    const { context } = await started(HAS_ONE_WORKER);
    await expect(scale({ verb: "scale", service, workers }, context)).rejects.toThrow(text);
  });

  test("refuses while signals would end the service", async () => {
    const { context } = await started();
    const asked = scale({ verb: "scale", service: "gunicorn", workers: "+1" }, context);
    await expect(asked).rejects.toThrow("cannot scale gunicorn: it is running");
  });

  test("goes as far as it is asked for, one signal a worker", async () => {
    const { supervised, context, told } = await started(HAS_ONE_WORKER);
    const ask = (workers: string) => scale({ verb: "scale", service: "gunicorn", workers }, context);
    expect(await ask("3")).toEqual({ ok: true, done: "gunicorn: 1 → 3 workers, until it is restarted" });
    expect(await ask("1")).toEqual({ ok: true, done: "gunicorn: 1 → 1 workers, until it is restarted" });
    expect(told[0]).toBe("scaling gunicorn from 1 to 3 workers: an operator asked for it");
    const said = () => supervised.said().filter((line) => line === "gunicorn: in").length;
    await eventually(() => said() === 2);
  });
});

test("status tells of each service what it is and what it uses, and why the container is not ready", async () => {
  const { supervised, context } = await started();
  const { pid } = supervised.service("gunicorn");
  const before = status({ verb: "status" }, context);
  expect(before).toMatchObject({ role: "web", ready: true, draining: false, reasons: [], notes: [] });
  expect(before.services[0]).toMatchObject({
    service: "gunicorn",
    state: "running",
    ready: true,
    pid,
    restarts: 0,
  });
  expect(before.services[0]).not.toHaveProperty("held");
  expect(before.services[0]).not.toHaveProperty("exit_status");
  // The shell, and perhaps the sleep that it waits for.
  expect([1, 2]).toContain(before.services[0]?.processes);
  expect(before.services[0]?.memory_bytes).toBeGreaterThan(100_000);
  expect(before.services[0]?.uptime_seconds).toBeLessThan(60);

  await done(supervised, stop({ verb: "stop", service: "gunicorn" }, context));
  Object.assign(context.supervisor.plan, { note: "the container is not root's" });
  const after = status({ verb: "status" }, context);
  expect(after).toMatchObject({ ready: false, notes: ["the container is not root's"] });
  expect(after.reasons).toEqual([
    "gunicorn is stopped, as an operator asked (`djinit start gunicorn` brings it back)",
  ]);
  expect(after.services[0]).toEqual({
    service: "gunicorn",
    state: "stopped",
    ready: false,
    restarts: 0,
    processes: 0,
    cpu_seconds: 0,
    memory_bytes: 0,
    exit_status: 0,
    held: true,
  });
});

test("status adds up what the processes of a service use, and no other's", () => {
  const usage = (pid: number, session: number, cpuSeconds: number) => ({
    ...{
      pid,
      session,
      cpuSeconds,
      residentBytes: 1_000,
      ageSeconds: 7.4,
      name: "python",
      state: "S",
      parentPid: 1,
    },
  });
  const service = { name: "gunicorn", state: { name: "running" }, ready: true, pid: 7, restarts: 2 };
  const all = [usage(7, 7, 0.1), usage(8, 7, 0.2), usage(9, 9, 5), usage(10, 1, 5)];
  expect(statusOf(service as unknown as Service, all)).toEqual({
    service: "gunicorn",
    state: "running",
    ready: true,
    pid: 7,
    uptime_seconds: 7,
    restarts: 2,
    processes: 2,
    cpu_seconds: 0.3,
    memory_bytes: 2_000,
  });
});
