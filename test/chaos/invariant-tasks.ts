import { celeryPoolIsStuck } from "./celery-faults.ts";
import type { Observation, Violation } from "./observation.ts";

/** From a message's arrival to the moment the worker has written it down, on a busy machine. */
const HANDOVER_MS = 100;

/** Faults after which a task may run again: it was in the hands of what was killed, or its acknowledgement was lost. */
export function mayRunTwice(observation: Observation): boolean {
  const { fault, target } = observation.round;
  const killed = fault.action === "kill" || fault.action === "disk" ? target : undefined;
  return (
    killed?.startsWith("celery") === true ||
    fault.action === "broker" ||
    fault.action === "memory" ||
    celeryPoolIsStuck(observation)
  );
}

/** Every task that was queued has run: at least once, and exactly once unless celery or its broker was killed. */
export function tasksRun(observation: Observation): Violation[] {
  const { begun, ended } = countRuns(observation.ledger);
  const violations: Violation[] = [];
  for (const name of lostTasks(observation)) {
    const got = `begun ${begun.get(name) ?? 0} times, ended 0 times`;
    violations.push({ invariant: "every queued task runs", expected: `task ${name} has run`, got });
  }
  const once = new Set(observation.settledTasks);
  if (!mayRunTwice(observation)) for (const name of sentTasks(observation)) once.add(name);
  for (const name of once) {
    const [begins, ends] = [begun.get(name) ?? 0, ended.get(name) ?? 0];
    if (begins <= 1 && ends <= 1) continue;
    const got = `begun ${begins} times, ended ${ends} times`;
    violations.push({ invariant: "no task runs twice", expected: `task ${name} has run once`, got });
  }
  return violations;
}

function lostTasks(observation: Observation): string[] {
  const { ended } = countRuns(observation.ledger);
  const excused = taskLostInHandover(observation);
  return queuedTasks(observation).filter((name) => !ended.has(name) && name !== excused);
}

/** The one task that Redis and kombu may have lost between them; undefined if none was. */
export function taskLostInHandover(observation: Observation): string | undefined {
  const { begun } = countRuns(observation.ledger);
  return tasksInHandover(observation).find((name) => !begun.has(name));
}

/**
 * Redis hands a message over by BRPOP, which forgets it; the worker writes it down as not acknowledged only then. A
 * worker that is killed, or a broker that ends, between the two loses it, whoever supervises them: one message at most,
 * queued at that moment.
 */
function tasksInHandover(observation: Observation): string[] {
  const { round, fault, requests } = observation;
  const killed = round.target === "celery-main" && round.fault.action !== "freeze" ? fault.toMs : undefined;
  const lastMs = killed ?? fault.brokerGoneMs;
  if (lastMs === undefined) return [];
  return queuedTasks({
    requests: requests.filter(
      ({ startMs, endMs }) => startMs <= lastMs + HANDOVER_MS && endMs >= fault.fromMs - HANDOVER_MS,
    ),
  });
}

/** Tasks that the broker has taken for certain. */
export function queuedTasks({ requests }: Pick<Observation, "requests">): string[] {
  return requests.filter(({ kind, outcome }) => kind === "queue" && outcome === 202).map(({ n }) => n);
}

/** Tasks that it may have taken. */
function sentTasks({ requests }: Observation): string[] {
  return requests.filter(({ kind, outcome }) => kind === "queue" && outcome !== "refused").map(({ n }) => n);
}

export function countRuns(ledger: string): { begun: Map<string, number>; ended: Map<string, number> } {
  const begun = new Map<string, number>();
  const ended = new Map<string, number>();
  for (const line of ledger.split("\n")) {
    const [word, name = ""] = line.split(" ");
    const counts = word === "begin" ? begun : word === "end" ? ended : undefined;
    counts?.set(name, (counts.get(name) ?? 0) + 1);
  }
  return { begun, ended };
}
