// The application can write anything to celery's report. Only parts of the right shape are used.

export interface Heartbeat {
  pid: number;
  kind: "worker" | "beat" | "tasks";
  /** A worker's: starting, connected, connecting. A beat's: ticking, connecting. `tasks`: a worker of Django's tasks. */
  state: string;
  /** When it was written; all times are seconds of CLOCK_MONOTONIC. */
  at: number;
  /** When it will report again at the latest; else it does so every 2 s. */
  due?: number;
  /** Since when it has been without its broker, or its database. */
  since?: number;
  /** Running tasks, and the oldest of them: its name and its start. */
  active?: number;
  oldest?: [string, number] | null;
  /** Name, id and begin of tasks being run, the first ones first. */
  running?: [string, string, number][];
  /** Since when messages wait while the worker has none of them. */
  idle_since?: number | null;
  /** How many seconds celery's own soft shutdown waits for tasks. */
  soft_shutdown?: number;
  /** Whether tasks run in the worker's main process, in turn with its other work. */
  solo?: boolean;
  /** Where a beat's lock lies, by which one of several sends. */
  lock?: string;
  /** Until when no other beat can send; 0 for one that stands by. */
  leads_until?: number;
  /** Since when the lock's store has not answered. */
  lock_lost?: number | null;
  /** The main thread, as faulthandler names it. */
  thread: number;
  /** Events of each task: `task-received`, `task-started`, `task-succeeded`… */
  tasks?: Record<string, Record<string, number>>;
  /** For each task: how many took at most each bound, how many took longer, and the sum in seconds. */
  runtimes?: Record<string, number[]>;
  buckets?: number[];
  /** Messages waiting. */
  queues?: Record<string, number>;
  /** Since when the oldest of them has been waiting. */
  waiting?: Record<string, number>;
}

/** Of the names in one report: more than djinit_report.py counts. */
const MOST_NAMES = 1_000;

/** Of a histogram: more than djinit_report.py has. Each is a sample for each task. */
const MOST_BOUNDS = 32;
/** A row has a count for each bound, one for what took longer, and the sum. */
const MOST_IN_ROW = MOST_BOUNDS + 2;

/** As many as djinit_heartbeat.py tells. */
const MOST_RUNNING = 20;
const RUNNING = "string,string,number";

type Shape<T> = (value: unknown) => value is T;
type Named = Record<string, unknown>;

const isNumber: Shape<number> = (value) => typeof value === "number";
const numbers =
  (most: number): Shape<number[]> =>
  (value): value is number[] =>
    Array.isArray(value) && value.length <= most && value.every(isNumber);
const isNamed: Shape<Named> = (value): value is Named =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  Object.keys(value).length <= MOST_NAMES;
const named =
  <T>(isPart: Shape<T>): Shape<Record<string, T>> =>
  (value): value is Record<string, T> =>
    isNamed(value) && Object.values(value).every((it) => isPart(it));
const isOldest: Shape<[string, number] | null> = (value): value is [string, number] | null =>
  value === null || (Array.isArray(value) && typeof value[0] === "string" && isNumber(value[1]));

const isRunning: Shape<[string, string, number][]> = (value): value is [string, string, number][] =>
  Array.isArray(value) &&
  value.length <= MOST_RUNNING &&
  value.every((it) => Array.isArray(it) && it.length === 3 && `${it.map((part) => typeof part)}` === RUNNING);

const OPTIONAL: { [K in keyof Heartbeat]?: Shape<NonNullable<Heartbeat[K]> | null> } = {
  due: isNumber,
  since: isNumber,
  active: isNumber,
  oldest: isOldest,
  running: isRunning,
  idle_since: (value): value is number | null => value === null || isNumber(value),
  soft_shutdown: isNumber,
  solo: (value): value is boolean => typeof value === "boolean",
  lock: (value): value is string => value === "redis" || value === "database",
  leads_until: isNumber,
  lock_lost: (value): value is number | null => value === null || isNumber(value),
  tasks: named(named(isNumber)),
  runtimes: named(numbers(MOST_IN_ROW)),
  buckets: numbers(MOST_BOUNDS),
  queues: named(isNumber),
  waiting: named(isNumber),
};

/** A complete report; undefined for anything else. Parts of a wrong shape are left out. */
export function readReport(text: string): Heartbeat | undefined {
  let report: unknown;
  try {
    report = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isNamed(report)) return undefined;
  const { seq, end, pid, kind, state, at, thread } = report;
  // Its first and last number differ if it was read while it was being written.
  if (!isNumber(seq) || seq !== end || !isNumber(pid) || !isNumber(at) || !isNumber(thread)) return undefined;
  if ((kind !== "worker" && kind !== "beat" && kind !== "tasks") || typeof state !== "string")
    return undefined;
  const given = report;
  const rest = Object.entries(OPTIONAL).filter(([name, isRight]) => isRight(given[name]));
  return {
    ...Object.fromEntries(rest.map(([name]) => [name, given[name]])),
    pid,
    kind,
    state,
    at,
    thread,
  };
}
