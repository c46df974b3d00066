// One of several that run at once: it has a database, a broker and a subject of its own.
import { type Backends, startBackends } from "./backends.ts";
import { mayRunTwice, queuedTasks } from "./invariant-tasks.ts";
import { judge } from "./invariants.ts";
import type { Observation } from "./observation.ts";
import type { Round, SubjectKind } from "./round.ts";
import { runRound } from "./run-round.ts";
import { type Subject, startSubject } from "./subject.ts";
import type { Verdict } from "./verdict.ts";

const TAIL_LINES = 60;

export class Lane {
  #subject: Subject | undefined;
  #backends: Backends | undefined;

  get kind(): SubjectKind | undefined {
    return this.#subject?.kind;
  }

  /** Never throws: what goes wrong is in the verdict. After a violation the next round gets everything new. */
  async run(round: Round): Promise<Verdict> {
    const startedMs = performance.now();
    const verdict = await this.#judged(round);
    if (verdict.violations.length > 0) await this.close();
    return { ...verdict, round, tookMs: performance.now() - startedMs };
  }

  async close(): Promise<void> {
    const [subject, backends] = [this.#subject, this.#backends];
    this.#subject = undefined;
    this.#backends = undefined;
    await subject?.remove();
    await backends?.remove();
  }

  async #judged(round: Round): Promise<Omit<Verdict, "round" | "tookMs">> {
    try {
      const subject = await this.#subjectOf(round.subject);
      const observation = await runRound(subject, round);
      const violations = judge(observation);
      if (violations.length === 0) settle(subject, observation);
      return { violations, observation };
    } catch (error) {
      const got = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const violation = { invariant: "the round can be finished", expected: "no error", got };
      return { violations: [violation], logTail: tailOf(this.#subject) };
    }
  }

  async #subjectOf(kind: SubjectKind): Promise<Subject> {
    if (this.#subject !== undefined && this.#subject.kind !== kind) await this.close();
    this.#backends ??= await startBackends();
    this.#subject ??= await startSubject(kind, this.#backends);
    return this.#subject;
  }
}

function settle(subject: Subject, observation: Observation): void {
  if (mayRunTwice(observation)) return;
  for (const name of queuedTasks(observation)) subject.settledTasks.add(name);
}

function tailOf(subject: Subject | undefined): string {
  const logs = subject?.members.map((member) => member.log()) ?? [];
  return logs
    .map(({ member, lines, stderr }) => {
      const tail = lines.slice(-TAIL_LINES).map(({ text }) => text);
      return [`== ${member}`, ...tail, stderr].join("\n");
    })
    .join("\n");
}
