// The chaos suite sees what it is there to see: real containers that are spoilt on purpose, behind its back.
import { openSync, writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Backends, startBackends } from "../chaos/backends.ts";
import { faultNamed } from "../chaos/fault-table.ts";
import { servesAgain } from "../chaos/invariant-services.ts";
import { judge } from "../chaos/invariants.ts";
import type { FaultReport } from "../chaos/observation.ts";
import type { Round } from "../chaos/round.ts";
import { runRound } from "../chaos/run-round.ts";
import { waitUntilServing } from "../chaos/serving.ts";
import { type Subject, startSubject } from "../chaos/subject.ts";
import { eventually } from "../support/eventually.ts";

let backends: Backends;
let subject: Subject;
beforeAll(async () => {
  backends = await startBackends();
  subject = await startSubject("all-in-one", backends);
});
afterAll(async () => {
  await subject?.remove();
  await backends?.remove();
});

/** The round says that beat was frozen, which excuses nothing. */
const ROUND: Round = {
  seed: 1,
  subject: "all-in-one",
  fault: faultNamed("freeze-beat"),
  member: "all",
  target: "beat",
  choice: 0,
  momentMs: 500,
  durationMs: 0,
};

/** Names of the invariants that are broken when that is done in the middle of a round. */
async function broken(spoil: () => Promise<unknown>): Promise<string[]> {
  const inflict = async (): Promise<FaultReport> => {
    const fromMs = Date.now();
    await spoil();
    return { fromMs, toMs: Date.now(), exits: [] };
  };
  const observation = await runRound(subject, ROUND, { inflict, tasksDeadlineMs: 3_000 });
  return [...new Set(judge(observation).map(({ invariant }) => invariant))];
}

async function pidOf(kind: string): Promise<number> {
  const { processes } = await subject.web.processes();
  return processes.find((it) => it.kind === kind)?.pid ?? 0;
}

/** Lua: `act` is done to the first of the suite's own tasks that wait; gives whether there was one. */
const withTask = (act: string): string => `
  for _, message in ipairs(redis.call('lrange', 'celery', 0, -1)) do
    if string.find(message, 'chaos.tasks.tally', 1, true) then ${act} return 1 end
  end
  return 0`;

/** Freezes the worker, does something to a message that waits, and lets it go on. */
async function tamper(act: string): Promise<void> {
  const worker = await pidOf("celery-main");
  process.kill(worker, "SIGSTOP");
  try {
    const done = () => backends.broker.output(["redis-cli", "eval", withTask(act), "0"]);
    await eventually(async () => (await done()).trim() === "1", { what: "a task waits" });
  } finally {
    process.kill(worker, "SIGCONT");
  }
}

test("nothing is broken when nothing is done", async () => {
  expect(await broken(() => delay(200))).toEqual([]);
});

test("a task that vanishes from the broker is missed", async () => {
  const vanish = "redis.call('lrem', 'celery', 1, message)";
  expect(await broken(() => tamper(vanish))).toEqual(["every queued task runs"]);
});

test("a task that is there twice is seen to run twice", async () => {
  const double = "redis.call('lpush', 'celery', message)";
  expect(await broken(() => tamper(double))).toEqual(["no task runs twice"]);
});

test("a request that nobody answers is missed", async () => {
  const seen = await broken(async () => {
    subject.load.ask("spoilt", "slow", "/debug/sleep/?seconds=1&n=spoilt");
    await delay(300);
    process.kill(await pidOf("nginx-worker"), "SIGKILL");
  });
  expect(seen).toContain("every accepted request is answered");
});

test("a line that somebody else writes between the records is seen", async () => {
  const torn = async () => {
    writeSync(openSync(`/proc/${subject.web.initPid}/root/chaos/all.stdout`, "w"), "half a li\n");
  };
  expect(await broken(torn)).toEqual(["log lines are whole"]);
});

test("a service that dies unasked is seen, though it comes back", async () => {
  const seen = await broken(async () => process.kill(await pidOf("gunicorn-master"), "SIGKILL"));
  expect(seen).toContain("no service dies but the one that was killed");
});

test("a web server that does not come back is missed", async () => {
  const { processes } = await subject.web.processes();
  const frozen = processes.filter(({ kind }) => kind.startsWith("gunicorn")).map(({ pid }) => pid);
  expect(frozen).toHaveLength(3);
  subject.load.go("not-serving");
  for (const pid of frozen) process.kill(pid, "SIGSTOP");
  try {
    const notServing = await waitUntilServing(subject, Date.now(), 3_000);
    expect(servesAgain({ notServing }).map(({ got }) => got)).toContain("no 200 for plain");
  } finally {
    for (const pid of frozen) process.kill(pid, "SIGCONT");
  }
  await subject.load.halt();
});

// Last, since what these leave behind stays.
test("a process that nobody supervises is seen, as an orphan", async () => {
  const leave = () => subject.web.container.output(["sh", "-c", "setsid sleep 600 >/dev/null 2>&1 &"]);
  expect(await broken(leave)).toEqual(["no orphan", "no process outside the plan"]);
});

test("a zombie is seen", async () => {
  const script = "import os, time\nif os.fork() == 0: os._exit(0)\ntime.sleep(600)";
  const leave = () =>
    subject.web.container.output(["sh", "-c", `setsid python3 -c '${script}' >/dev/null 2>&1 &`]);
  expect(await broken(leave)).toContain("no zombie");
});
