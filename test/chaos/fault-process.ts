// A process of the container is killed, or stops for a while.
import { setTimeout as delay } from "node:timers/promises";
import type { FaultReport } from "./observation.ts";
import type { Round } from "./round.ts";
import type { Subject } from "./subject.ts";

/** SIGKILL, as the kernel or an operator would send it. */
export async function killProcess(subject: Subject, round: Round): Promise<FaultReport> {
  const pid = await targetOf(subject, round);
  const fromMs = Date.now();
  process.kill(pid, "SIGKILL");
  return { fromMs, toMs: Date.now(), exits: [] };
}

/** SIGSTOP, and SIGCONT after the round's time. */
export async function freezeProcess(subject: Subject, round: Round): Promise<FaultReport> {
  const pid = await targetOf(subject, round);
  const fromMs = Date.now();
  process.kill(pid, "SIGSTOP");
  try {
    await delay(round.durationMs);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  return { fromMs, toMs: Date.now(), exits: [] };
}

/** Errors: there is no such process. */
async function targetOf(subject: Subject, { member, target, choice }: Round): Promise<number> {
  const { processes } = await subject.member(member).processes();
  const candidates = processes.filter(({ kind, state }) => kind === target && state !== "Z");
  const chosen = candidates[Math.floor(choice * candidates.length)];
  if (chosen === undefined) throw new Error(`cannot find a ${target} in ${member}`);
  return chosen.pid;
}
