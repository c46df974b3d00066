// One of several that run at once: it has a database, a broker and a subject of its own.
import { availableParallelism, loadavg } from "node:os";
import { type Backends, startBackends } from "./backends.ts";
import { celeryPoolIsStuck } from "./celery-faults.ts";
import { mayRunTwice, queuedTasks, taskLostInHandover } from "./invariant-tasks.ts";
import { judge } from "./invariants.ts";
import type { Observation } from "./observation.ts";
import type { Round, SubjectKind } from "./round.ts";
import { runRound } from "./run-round.ts";
import { StallWatch } from "./stall-watch.ts";
import { type Subject, startSubject } from "./subject.ts";
import type { Verdict } from "./verdict.ts";

/** Longer than any pause that a machine with too much to do makes. */
const STANDSTILL_MS = 2_000;

export class Lane {
  #subject: Subject | undefined;
  #backends: Backends | undefined;

  get kind(): SubjectKind | undefined {
    return this.#subject?.kind;
  }

  /**
   * Never throws: what goes wrong is in the verdict. After a violation the next round gets everything new. Deadlines mean
   * nothing on a machine that stands still: such a round is done once more.
   */
  async run(round: Round): Promise<Verdict> {
    const firstTry = await this.#try(round);
    if (firstTry.violations.length === 0 || firstTry.stalledMs < STANDSTILL_MS) return firstTry;
    return { ...(await this.#try(round)), firstTry };
  }

  async #try(round: Round): Promise<Verdict> {
    const startedMs = performance.now();
    const stopwatch = new StallWatch();
    const verdict = await this.#judged(round);
    const logs = this.#subject?.members.map((member) => member.log()) ?? [];
    if (verdict.violations.length > 0) await this.close();
    const stalledMs = stopwatch.stop();
    const tookMs = performance.now() - startedMs;
    return { ...verdict, round, logs, stalledMs, loadPerProcessor: loadPerProcessor(), tookMs };
  }

  async close(): Promise<void> {
    const [subject, backends] = [this.#subject, this.#backends];
    this.#subject = undefined;
    this.#backends = undefined;
    await subject?.remove();
    await backends?.remove();
  }

  async #judged(round: Round): Promise<Pick<Verdict, "violations" | "observation" | "excused">> {
    try {
      const subject = await this.#subjectOf(round.subject);
      const observation = await runRound(subject, round);
      const violations = judge(observation);
      if (violations.length === 0) settle(subject, observation);
      return { violations, observation, excused: excusedFaults(observation) };
    } catch (error) {
      const got = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const violation = { invariant: "the round can be finished", expected: "no error", got };
      return { violations: [violation], excused: [] };
    }
  }

  async #subjectOf(kind: SubjectKind): Promise<Subject> {
    if (this.#subject !== undefined && this.#subject.kind !== kind) await this.close();
    this.#backends ??= await startBackends();
    this.#subject ??= await startSubject(kind, this.#backends);
    return this.#subject;
  }
}

function loadPerProcessor(): number {
  return (loadavg()[0] ?? 0) / availableParallelism();
}

function excusedFaults(observation: Observation): string[] {
  const lost = taskLostInHandover(observation);
  return [
    ...(celeryPoolIsStuck(observation) ? ["celery's pool did not end"] : []),
    ...(lost === undefined ? [] : [`task ${lost} was lost between Redis and kombu`]),
  ];
}

function settle(subject: Subject, observation: Observation): void {
  if (mayRunTwice(observation)) return;
  for (const name of queuedTasks(observation)) subject.settledTasks.add(name);
}
