import { mkdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type MemoryAccount, readMemoryAccount } from "../../../src/platform/cgroup/memory-account.ts";
import { KilledProcesses } from "../../../src/supervise/memory/killed-processes.ts";
import {
  logMemoryEvent,
  type MemoryEvent,
  type ProcessMemory,
  systemMemory,
  watchMemory,
} from "../../../src/supervise/memory/memory-watch.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const of = (pid: number, residentBytes: number): ProcessMemory => ({ pid, name: `p${pid}`, residentBytes });

function watch(limitBytes: number | undefined, processes: ProcessMemory[]) {
  const facts = { limitBytes, oomKills: 2, usageBytes: 50, processes, looks: 0 };
  const known = new KilledProcesses();
  const clock = new VirtualClock();
  const events: MemoryEvent[] = [];
  const source = {
    account: (): MemoryAccount | undefined => ({
      oomKills: facts.oomKills,
      limitBytes: facts.limitBytes,
      usageBytes: facts.usageBytes,
    }),
    processes: () => {
      facts.looks += 1;
      return facts.processes;
    },
    killed: () => known.take(),
  };
  const cancel = watchMemory(source, clock, (event) => events.push(event));
  return { source, facts, known, clock, events, cancel };
}

describe("the watch", () => {
  /** Until all has been said: a second at the most. */
  const SAID_MS = 2_000;

  test("names those that are known to have been killed, as many as the kernel has counted", () => {
    const { facts, known, clock, events } = watch(100, [of(1, 10), of(2, 60), of(3, 20)]);
    clock.advance(1_000);
    expect(events).toEqual([]);
    facts.oomKills = 3;
    // The largest ended by itself at the same time.
    facts.processes = [of(1, 10)];
    known.note(3, "gunicorn");
    clock.advance(1_000 + SAID_MS);
    expect(events).toMatchObject([{ kills: 1, killed: [of(3, 20)], candidates: [] }]);
    facts.oomKills = 4;
    known.note(9, "celery-worker");
    clock.advance(1_000 + SAID_MS);
    // It was never seen: all that is known is whose it was.
    expect(events[1]).toMatchObject({ killed: [{ pid: 9, name: "celery-worker" }], candidates: [] });
  });

  test.each([
    ["before the kernel has counted it", -1_000],
    ["a moment after the kernel has counted it", 1_100],
    ["a second after the kernel has counted it", 1_900],
  ])("names one that becomes known %s", (_, atMs) => {
    const { facts, known, clock, events } = watch(100, [of(1, 10), of(2, 60)]);
    if (atMs < 0) known.note(2, "gunicorn");
    clock.advance(1_000);
    facts.oomKills = 3;
    facts.processes = [of(1, 10)];
    clock.advance(Math.max(atMs, 0));
    if (atMs > 0) known.note(2, "gunicorn");
    clock.advance(SAID_MS);
    expect(events).toMatchObject([{ kills: 1, killed: [of(2, 60)], candidates: [] }]);
  });

  test("says that it does not know, and which have gone: the largest need not be the one", () => {
    const { facts, clock, events } = watch(100, [of(1, 10), of(2, 60), of(3, 20)]);
    facts.oomKills = 3;
    facts.processes = [of(1, 10)];
    clock.advance(1_000 + SAID_MS);
    expect(events).toMatchObject([{ kills: 1, killed: [], candidates: [of(2, 60), of(3, 20)] }]);
  });

  test("does not name the only one that has gone: the victim may have come and gone between two looks", () => {
    const { facts, clock, events } = watch(100, [of(1, 10), of(2, 60)]);
    facts.oomKills = 3;
    facts.processes = [of(1, 10)];
    clock.advance(1_000 + SAID_MS);
    expect(events).toMatchObject([{ kills: 1, killed: [], candidates: [of(2, 60)] }]);
  });

  test("names nobody for sure where more were killed than the kernel has counted", () => {
    const { facts, known, clock, events } = watch(100, [of(1, 10), of(2, 60), of(3, 20)]);
    facts.oomKills = 3;
    facts.processes = [of(1, 10)];
    known.note(2, "gunicorn");
    known.note(3, "nginx");
    clock.advance(1_000 + SAID_MS);
    expect(events).toMatchObject([{ kills: 1, killed: [], candidates: [of(2, 60), of(3, 20)] }]);
  });

  test("counts all that were killed while it waits to know who they were", () => {
    const { facts, known, clock, events } = watch(100, [of(1, 10), of(2, 60), of(3, 20)]);
    facts.oomKills = 3;
    clock.advance(1_000);
    facts.oomKills = 4;
    facts.processes = [of(1, 10)];
    known.note(3, "gunicorn");
    clock.advance(SAID_MS);
    expect(events.reduce((sum, { kills }) => sum + kills, 0)).toBe(2);
    expect(events.flatMap(({ killed }) => killed)).toEqual([of(3, 20)]);
  });

  test("looks more often near the limit", () => {
    const { facts, clock } = watch(100, []);
    clock.advance(2_000);
    expect(facts.looks).toBe(3);
    facts.usageBytes = 80;
    clock.advance(1_000);
    clock.advance(1_000);
    expect(facts.looks).toBe(9);
  });

  test("is near the limit from three quarters of it on", () => {
    const { facts, clock } = watch(100, []);
    facts.usageBytes = 75;
    clock.advance(1_000);
    expect(facts.looks).toBe(2);
    clock.advance(200);
    expect(facts.looks).toBe(3);
    const early = watch(100, []);
    early.facts.usageBytes = 74;
    early.clock.advance(1_000);
    early.clock.advance(999);
    expect(early.facts.looks).toBe(2);
  });

  test("asks nobody for more than a second who was killed", () => {
    const { facts, clock, events } = watch(100, [of(1, 10)]);
    facts.oomKills = 3;
    clock.advance(1_000);
    clock.advance(999);
    expect(events).toEqual([]);
    clock.advance(1);
    expect(events).toHaveLength(1);
  });

  test("does not think of one that went a while ago; of one that grew it tells the later size", () => {
    const { facts, clock, events } = watch(100, [of(1, 10), of(2, 60), of(3, 5)]);
    facts.processes = [of(1, 10), of(3, 50)];
    clock.advance(4_000);
    facts.oomKills = 3;
    facts.processes = [of(1, 10)];
    clock.advance(1_000 + SAID_MS);
    expect(events).toMatchObject([{ killed: [], candidates: [of(3, 50)] }]);
  });

  test("names one that is known, and of another that it may be among those that have gone, the largest first", () => {
    const { facts, known, clock, events } = watch(100, [of(1, 10), of(2, 20), of(3, 60), of(4, 5)]);
    facts.oomKills = 4;
    facts.processes = [of(4, 5)];
    known.note(3, "gunicorn");
    clock.advance(1_000 + SAID_MS);
    expect(events).toMatchObject([{ kills: 2, killed: [of(3, 60)], candidates: [of(2, 20), of(1, 10)] }]);
  });

  test("goes on where the account cannot be read for a moment", () => {
    const { source, facts, clock, events } = watch(100, [of(1, 10)]);
    source.account = () => undefined;
    clock.advance(1_000);
    source.account = () => ({ oomKills: 3, limitBytes: 100, usageBytes: 50 });
    facts.processes = [];
    clock.advance(1_000 + SAID_MS);
    expect(events).toMatchObject([{ kills: 1, candidates: [of(1, 10)] }]);
  });

  test("sees the processes of the machine, but neither PID 1 itself nor those that have ended", () => {
    const known = new KilledProcesses();
    known.note(3, "gunicorn");
    const source = systemMemory(known);
    const pids = source.processes().map(({ pid }) => pid);
    expect(pids).toContain(process.ppid);
    expect(pids).not.toContain(process.pid);
    expect(source.killed()).toEqual([{ pid: 3, service: "gunicorn" }]);
  });

  test("says nothing of processes that end by themselves", () => {
    const { facts, clock, events } = watch(100, [of(1, 10)]);
    facts.processes = [];
    clock.advance(10_000);
    expect(events).toEqual([]);
  });

  test("does nothing where there is no limit, and nothing after its end", () => {
    const unlimited = watch(undefined, [of(1, 10)]);
    unlimited.facts.oomKills = 9;
    unlimited.clock.advance(10_000);
    expect([unlimited.events, unlimited.facts.looks]).toEqual([[], 0]);
    // A container may be given a limit while it runs.
    unlimited.facts.limitBytes = 100;
    unlimited.clock.advance(1_000);
    expect(unlimited.facts.looks).toBe(1);
    unlimited.facts.processes = [];
    unlimited.facts.oomKills = 10;
    unlimited.clock.advance(1_000 + SAID_MS);
    expect(unlimited.events).toMatchObject([{ kills: 1, candidates: [of(1, 10)] }]);
    const ended = watch(100, [of(1, 10)]);
    ended.cancel();
    ended.facts.oomKills = 9;
    ended.clock.advance(10_000);
    expect(ended.events).toEqual([]);
  });

  test.each([
    [1, [of(7, 60)], [], "killed p7 (pid 7); the container's limit is 100 bytes"],
    [2, [of(7, 60), of(8, 10)], [], "killed 2 processes, p7 (pid 7), p8 (pid 8); "],
    [1, [], [], "killed a process, it is not known which; "],
    [1, [], [of(7, 60), of(8, 10)], "it is not known which: perhaps one of p7 (pid 7), p8 (pid 8); "],
    [
      2,
      [],
      [of(7, 60), of(8, 10)],
      "killed 2 processes, it is not known which: perhaps 2 of p7 (pid 7), p8 (pid 8); ",
    ],
    [
      2,
      [of(7, 60)],
      [of(8, 10)],
      "killed p7 (pid 7) and a process, it is not known which: perhaps one of p8 (pid 8); ",
    ],
    [3, [of(7, 60)], [], "killed p7 (pid 7) and 2 processes, it is not known which; "],
  ])("its record of %i kills tells what is known from what is not", (kills, killed, candidates, text) => {
    const said: string[] = [];
    const fields: object[] = [];
    const log = {
      debug: () => {},
      info: () => {},
      warn: () => {},
      error: (given: object, msg: string) => {
        fields.push(given);
        said.push(msg);
      },
    };
    const account = { oomKills: kills, limitBytes: 100, usageBytes: 90 };
    logMemoryEvent(log, { account, kills, killed, candidates });
    expect(said[0]).toContain(text);
    expect(fields).toEqual([
      {
        processes: killed,
        ...(candidates.length > 0 && { candidates }),
        memory_limit_bytes: 100,
        memory_usage_bytes: 90,
        oom_kills: kills,
      },
    ]);
  });
});

describe("what services say of their processes that were killed", () => {
  const GUNICORN = "Worker (pid:12) was sent SIGKILL! Perhaps out of memory?";
  const CELERY = "Process 'ForkPoolWorker-2' pid:34 exited with 'signal 9 (SIGKILL)'";
  const read = (level: string, ...lines: string[]) => {
    const known = new KilledProcesses();
    for (const msg of lines) known.read("app", { level: level as "error", msg });
    return known.take().map(({ pid }) => pid);
  };

  test("is read where it is an error", () => {
    expect(read("error", GUNICORN, CELERY, "Worker (pid:13) was sent SIGTERM!")).toEqual([12, 34]);
    expect(read("info", GUNICORN, CELERY)).toEqual([]);
  });

  test("does not count where gunicorn has killed its worker itself", () => {
    expect(read("fatal", "WORKER TIMEOUT (pid:12)", GUNICORN)).toEqual([]);
    // Of so many that do not end nobody need know.
    const timeouts = Array.from({ length: 33 }, (_, at) => `WORKER TIMEOUT (pid:${at + 1})`);
    const ends = [32, 33].map((pid) => `Worker (pid:${pid}) was sent SIGKILL! Perhaps out of memory?`);
    expect(read("error", ...timeouts, ...ends)).toEqual([33]);
    // Another process may have its number later.
    expect(read("error", "WORKER TIMEOUT (pid:12)", GUNICORN, GUNICORN)).toEqual([12]);
  });
});

test("of what nobody asks for, the last few are kept", () => {
  const known = new KilledProcesses();
  for (let pid = 1; pid <= 40; pid += 1) known.note(pid, "app");
  expect(known.take().map(({ pid }) => pid)).toEqual(Array.from({ length: 32 }, (_, at) => at + 9));
  expect(known.take()).toEqual([]);
});

describe("the account of a cgroup", () => {
  const directory = temporaryDirectory();
  const root = (name: string, version: "v1" | "v2", limit: string) => {
    mkdirSync(`${directory.path}/${name}${version === "v1" ? "/memory" : ""}`, { recursive: true });
    const [events, max, usage] =
      version === "v2"
        ? ["memory.events", "memory.max", "memory.current"]
        : ["memory/memory.oom_control", "memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"];
    directory.write(`${name}/${events}`, "low 0\noom_kill_disable 0\noom 4\noom_kill 3\noom_group_kill 0\n");
    directory.write(`${name}/${max}`, `${limit}\n`);
    directory.write(`${name}/${usage}`, "4096\n");
    return { mount: `${directory.path}/${name}`, own: "" };
  };

  test.each(["v1", "v2"] as const)("is read in version %s", (version) => {
    expect(readMemoryAccount(root(`${version}-limited`, version, "67108864"))).toEqual({
      oomKills: 3,
      limitBytes: 67_108_864,
      usageBytes: 4_096,
    });
  });

  test.each([
    ["v1", "9223372036854771712"],
    ["v2", "max"],
  ] as const)("knows what no limit looks like in version %s", (version, limit) => {
    expect(readMemoryAccount(root(`${version}-free`, version, limit))).toMatchObject({
      limitBytes: undefined,
    });
  });

  test("cannot be seen where there is none", () => {
    expect(readMemoryAccount({ mount: `${directory.path}/none`, own: "" })).toBeUndefined();
  });
});
