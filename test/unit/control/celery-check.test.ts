import { describe, expect, test } from "vitest";
import { judgeHeartbeat } from "../../../src/control/celery-check.ts";
import { readHeartbeat, readStalledFrames } from "../../../src/metrics/heartbeat.ts";
import type { Heartbeat } from "../../../src/metrics/heartbeat-shape.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const worker = (more: Partial<Heartbeat> = {}): Heartbeat => ({
  pid: 7,
  kind: "worker",
  state: "connected",
  at: 1_000,
  thread: 1,
  ...more,
});
const beat = (more: Partial<Heartbeat> = {}) =>
  worker({ kind: "beat", state: "ticking", due: 1_000, ...more });

const none = () => [];
const SITE = "/opt/venv/lib/python3.13/site-packages";
const IN_BROKER = [
  'File "/usr/lib/python3.13/ssl.py", line 1 in read',
  `File "${SITE}/redis/_parsers/socket.py", line 64 in _read_from_socket`,
  `File "${SITE}/kombu/transport/redis.py", line 900 in _put`,
];
const RECONNECTS = [`File "${SITE}/kombu/utils/functional.py", line 312 in retry_over_time`];
const IN_GEVENT = [`File "${SITE}/gevent/hub.py", line 647 in run`];
/** Called from the broker's library, as everything is that a message leads to. */
const IN_HOOK = [
  'File "/app/hangs.py", line 9 in hang_in_the_loop',
  `File "${SITE}/celery/utils/dispatch/signal.py", line 280 in send`,
  `File "${SITE}/kombu/transport/virtual/base.py", line 640 in _callback`,
  `File "${SITE}/kombu/asynchronous/hub.py", line 373 in create_loop`,
];
const IN_DATABASE = [
  'File "/usr/lib/python3.13/selectors.py", line 1 in select',
  `File "${SITE}/psycopg/waiting.py", line 2 in wait`,
  ...IN_HOOK,
];
const BUSY = { solo: true, oldest: ["bake", 990] as [string, number] };

describe("a worker", () => {
  test.each([
    ["beats", worker(), 1_002, none, { live: true, ready: true }],
    ["is late, but the machine may be busy", worker(), 1_030, none, { live: true, ready: true }],
    ["has begun", worker({ state: "starting" }), 1_500, none, { live: true, ready: true }],
    ["has no broker", worker({ state: "connecting", since: 900 }), 5_000, none, { live: true, ready: false }],
    ["waits for the broker", worker(), 1_031, () => IN_BROKER, { live: true, ready: false }],
    ["hangs in a hook", worker(), 1_031, () => IN_HOOK, { live: false, ready: false }],
    ["is stopped", worker(), 1_031, none, { live: false, ready: false }],
    ["has nothing left to run in gevent", worker(), 1_031, () => IN_GEVENT, { live: true, ready: false }],
    ["waits to connect again", worker(), 1_031, () => RECONNECTS, { live: true, ready: false }],
    ["waits for a database", worker(), 1_031, () => IN_DATABASE, { live: false, ready: false }],
    [
      "hangs while its pool works",
      worker({ ...BUSY, solo: false }),
      1_031,
      none,
      { live: false, ready: false },
    ],
    ["runs a task itself", worker(BUSY), 1_100, () => IN_DATABASE, { live: true, ready: true }],
  ])("that %s", (_, heartbeat, nowS, frames, expected) => {
    expect(judgeHeartbeat(heartbeat, nowS, frames)).toMatchObject(expected);
  });

  test("that hangs says where and since when", () => {
    expect(judgeHeartbeat(worker(), 1_045, () => IN_HOOK).detail).toBe(
      'is stuck: no heartbeat for 45 s, last seen in File "/app/hangs.py", line 9 in hang_in_the_loop',
    );
  });

  test("that takes nothing is not ready after a minute, and not alive after five", () => {
    const deaf = (forS: number) =>
      judgeHeartbeat(worker({ idle_since: 1_000 - forS, queues: { celery: 2, mail: 1 } }), 1_000, none);
    expect(deaf(59)).toEqual({ live: true, ready: true, detail: "is running" });
    expect(deaf(60)).toEqual({
      live: true,
      ready: false,
      detail: "takes no task, although it is idle and 3 wait, for 60 s",
    });
    expect(deaf(299).live).toBe(true);
    expect(deaf(300)).toMatchObject({ live: false, ready: false });
    expect(judgeHeartbeat(worker({ idle_since: null }), 1_000, none).ready).toBe(true);
  });

  test("that is well is not asked for its stack", () => {
    const asked = () => {
      throw new Error("asked");
    };
    expect(judgeHeartbeat(worker(), 1_010, asked).live).toBe(true);
  });
});

describe("beat", () => {
  test("may sleep until its next task is due, and is stuck when it is not back then", () => {
    expect(judgeHeartbeat(beat({ at: 10, due: 1_000 }), 999, none).live).toBe(true);
    expect(judgeHeartbeat(beat({ at: 10, due: 1_000 }), 1_029, none).live).toBe(true);
    expect(judgeHeartbeat(beat({ at: 10, due: 1_000 }), 1_031, none)).toEqual({
      live: false,
      ready: false,
      detail: "is stuck: no tick for 31 s",
    });
  });

  test("that ticks and cannot send is alive and not ready; if it does not tick either, it is stuck", () => {
    const lost = beat({ state: "connecting", since: 900 });
    expect(judgeHeartbeat(lost, 1_010, none)).toMatchObject({ live: true, ready: false });
    expect(judgeHeartbeat(lost, 1_010, none).detail).toBe("has been without its broker for 110 s");
    expect(judgeHeartbeat(lost, 1_031, none)).toMatchObject({ live: false, ready: false });
  });

  test("with a lock is ready, whether it leads or stands by, and not ready without the lock's store", () => {
    const judged = (more: Partial<Heartbeat>) =>
      judgeHeartbeat(beat({ lock: "redis", ...more }), 1_001, none);
    const detail = "is running, and leads";
    expect(judged({ leads_until: 1_002 })).toEqual({ live: true, ready: true, detail });
    expect(judged({ leads_until: 0 })).toEqual({
      live: true,
      ready: true,
      detail: "stands by: another beat leads",
    });
    expect(judged({ leads_until: 0, lock_lost: 991 })).toEqual({
      live: true,
      ready: false,
      detail: "has been without its lock (redis) for 10 s",
    });
    expect(judged({ lock_lost: 991, due: 960 })).toMatchObject({ live: false, ready: false });
  });

  test("that cannot reach its broker is alive", () => {
    expect(judgeHeartbeat(beat(), 1_100, () => IN_BROKER)).toMatchObject({ live: true, ready: false });
  });
});

describe("a report", () => {
  const { write, path } = temporaryDirectory();
  const report = JSON.stringify({
    seq: 4,
    pid: 7,
    kind: "worker",
    state: "connected",
    at: 1,
    thread: 255,
    end: 4,
  });

  test("is read when it is whole, with room after it", () => {
    expect(readHeartbeat(write("whole", `${report}    `))).toMatchObject({ pid: 7, state: "connected" });
  });

  test.each([
    ["of two reports", report.replace('"end":4', '"end":3')],
    ["cut off", report.slice(0, -20)],
    ["empty", ""],
    ["something else", "[]"],
  ])("that is %s is none", (name, text) => {
    expect(readHeartbeat(write(name, text))).toBeUndefined();
  });

  test.each([
    [[["bake", "1", 5]], true],
    [[], true],
    [[["bake", 1, 5]], false],
    [[["bake", "1"]], false],
    [Array.from({ length: 21 }, () => ["bake", "1", 5]), false],
    ["bake", false],
  ])("tells what runs in one shape only: %j", (running, isRight) => {
    const text = JSON.stringify({ ...JSON.parse(report), running, end: 4 });
    const read = readHeartbeat(write("running", text));
    expect(read?.pid).toBe(7);
    expect(read?.running).toEqual(isRight ? running : undefined);
  });

  test("that does not exist is none", () => {
    expect(readHeartbeat(`${path}/absent`)).toBeUndefined();
  });

  test("the stack of the main thread is found among others, as faulthandler writes it", () => {
    const file = write(
      "beat.stack",
      [
        "Timeout (0:00:10)!",
        "Thread 0x00007f0000000001 (most recent call first):",
        '  File "/other.py", line 1 in other',
        "",
        "Thread 0x00000000000000ff [python] (most recent call first):",
        '  File "/app/hangs.py", line 9 in hang',
        '  File "/app/outer.py", line 1 in outer',
        "",
      ].join("\n"),
    ).replace(/\.stack$/, "");
    expect(readStalledFrames(file, 255)).toEqual([
      'File "/app/hangs.py", line 9 in hang',
      'File "/app/outer.py", line 1 in outer',
    ]);
    // gevent names the main thread otherwise: it is the last.
    expect(readStalledFrames(file, 3)).toEqual(readStalledFrames(file, 255));
    expect(readStalledFrames(`${path}/absent`, 255)).toEqual([]);
  });
});

describe("a worker of Django's tasks", () => {
  const tasks = (more: Partial<Heartbeat> = {}) => worker({ kind: "tasks", ...more });

  test("may say when it comes round next: its sleep between two looks is as long as people like", () => {
    expect(judgeHeartbeat(tasks({ due: 1_300 }), 1_329, none)).toMatchObject({ live: true, ready: true });
    expect(judgeHeartbeat(tasks({ due: 1_300 }), 1_331, none)).toMatchObject({ live: false, ready: false });
  });

  test("waits for its database, or is without it", () => {
    const waits = { live: true, ready: false };
    expect(judgeHeartbeat(tasks(), 1_040, () => IN_DATABASE)).toEqual({
      ...waits,
      detail: "waits for its database: no heartbeat for 40 s",
    });
    expect(judgeHeartbeat(tasks({ state: "connecting", since: 900 }), 1_000, none)).toEqual({
      ...waits,
      detail: "has been without its database for 100 s",
    });
  });

  test("that stands in a broker's library is stuck", () => {
    expect(judgeHeartbeat(tasks(), 1_040, () => IN_BROKER).live).toBe(false);
  });

  test("may take its time for a task", () => {
    expect(judgeHeartbeat(tasks({ ...BUSY, due: 1_001 }), 2_000, none)).toEqual({
      live: true,
      ready: true,
      detail: "runs bake in its own process for 1010 s",
    });
  });
});
