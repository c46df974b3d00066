// One round on a subject that is up: load, fault, recovery, and what was seen of it all.
import { setTimeout as delay } from "node:timers/promises";
import { TASKS_DEADLINE_MS } from "./configuration.ts";
import { INFLICT } from "./inflict.ts";
import { judgeProcesses } from "./invariant-processes.ts";
import { countRuns, queuedTasks } from "./invariant-tasks.ts";
import type { FaultReport, MemberProcesses, Observation } from "./observation.ts";
import type { Round } from "./round.ts";
import { waitUntilServing } from "./serving.ts";
import type { Subject } from "./subject.ts";

/** How long it has to go on serving after it has recovered. */
const AFTERWARDS_MS = 500;
/** For a dead process to be reaped, a check or a restart to be over, a pipe to be read to its end. */
const SETTLE_TIMEOUT_MS = 5_000;
const PERIOD_MS = 100;

export interface RoundOptions {
  /** Done in place of the round's own fault. */
  inflict?: (subject: Subject, round: Round) => Promise<FaultReport>;
  tasksDeadlineMs?: number;
}

/** Errors: the fault could not be done. */
export async function runRound(
  subject: Subject,
  round: Round,
  { inflict = INFLICT[round.fault.action], tasksDeadlineMs = TASKS_DEADLINE_MS }: RoundOptions = {},
): Promise<Observation> {
  const { load, members, settledTasks } = subject;
  for (const member of members) member.forget();
  // Its own number: the same seed may be run twice on one subject.
  load.go(`${round.seed}-${Date.now() % 1_000_000}`);
  await delay(round.momentMs);
  const fault = await inflict(subject, round);
  const overMs = Date.now();
  const notServing = await waitUntilServing(subject, overMs);
  const recoveredAfterMs = Date.now() - overMs;
  await delay(AFTERWARDS_MS);
  await load.halt();
  await tasksEnded(subject, Date.now() + tasksDeadlineMs);
  const samples = await settledProcesses(subject);
  return {
    round,
    fault,
    notServing,
    recoveredAfterMs,
    samples,
    requests: load.results,
    ledger: subject.ledger,
    settledTasks: new Set(settledTasks),
    logs: members.map((member) => member.log()),
  };
}

/** What is missing at the deadline is for the invariant to tell. */
async function tasksEnded(subject: Subject, deadlineMs: number): Promise<void> {
  const queued = queuedTasks({ requests: subject.load.results });
  for (;;) {
    const { ended } = countRuns(subject.ledger);
    if (queued.every((name) => ended.has(name)) || Date.now() >= deadlineMs) return;
    await delay(PERIOD_MS);
  }
}

/** The last look at every member: the first that has nothing to complain of, or the one at the deadline. */
async function settledProcesses({ members }: Subject): Promise<MemberProcesses[]> {
  const deadlineMs = Date.now() + SETTLE_TIMEOUT_MS;
  for (;;) {
    await delay(PERIOD_MS);
    const samples = await Promise.all(members.map((member) => member.processes()));
    if (samples.flatMap(judgeProcesses).length === 0 || Date.now() >= deadlineMs) return samples;
  }
}
