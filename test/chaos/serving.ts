// What a subject that serves does: every member is ready, web answers, the worker works, beat beats.
import { setTimeout as delay } from "node:timers/promises";
import { RECOVERY_DEADLINE_MS } from "./configuration.ts";
import { countRuns, queuedTasks } from "./invariant-tasks.ts";
import type { RequestKind } from "./load.ts";
import { recordsOf } from "./records.ts";
import type { MemberName } from "./round.ts";
import type { Subject } from "./subject.ts";

const PERIOD_MS = 100;
const ANSWERED: readonly RequestKind[] = ["static", "plain", "database", "page"];
const BEATERS: readonly MemberName[] = ["all", "beat"];

/** Waits until the subject has done all of it since `sinceMs`. Gives what it has not done within the deadline. */
export async function waitUntilServing(
  subject: Subject,
  sinceMs: number,
  timeoutMs = RECOVERY_DEADLINE_MS,
): Promise<string[]> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    const missing = await missingIn(subject, sinceMs);
    if (missing.length === 0 || Date.now() >= deadlineMs) return missing;
    await delay(PERIOD_MS);
  }
}

async function missingIn(subject: Subject, sinceMs: number): Promise<string[]> {
  const missing: string[] = [];
  for (const member of subject.members)
    if (!(await member.isReady())) missing.push(`${member.name} is not ready`);
  const recent = subject.load.results.filter(({ startMs }) => startMs >= sinceMs);
  for (const kind of ANSWERED)
    if (!recent.some((it) => it.kind === kind && it.outcome === 200)) missing.push(`no 200 for ${kind}`);
  const { ended } = countRuns(subject.ledger);
  if (!queuedTasks({ requests: recent }).some((name) => ended.has(name)))
    missing.push("no task that was queued since has run");
  if (!beats(subject, sinceMs)) missing.push("beat has sent nothing since");
  return missing;
}

function beats({ members }: Subject, sinceMs: number): boolean {
  const beater = members.find(({ name }) => BEATERS.includes(name));
  const lines = beater?.reader.lines.filter(({ atMs }) => atMs >= sinceMs) ?? [];
  return recordsOf({ lines }).some(
    ({ service, msg }) => service === "celery-beat" && /sending due task/i.test(msg),
  );
}
