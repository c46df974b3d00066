// The application can write whatever it likes where celery's report is expected: only what has the right shape is used.

export interface Heartbeat {
  pid: number;
  kind: "worker" | "beat";
  /** A worker's: starting, connected, connecting. A beat's: ticking, connecting. */
  state: string;
  /** When it was written; all times are seconds of CLOCK_MONOTONIC. */
  at: number;
  /** Beat: when it will report again at the latest. */
  due?: number;
  /** Since when it has been without its broker. */
  since?: number;
  /** Tasks being run, and the one that has run longest: its name and when it began. */
  active?: number;
  oldest?: [string, number] | null;
  /** Whether tasks run in the worker's own process, in turn with everything else it does. */
  solo?: boolean;
  /** The main thread, as faulthandler names it. */
  thread: number;
  /** Events of each task: `task-received`, `task-started`, `task-succeeded`… */
  tasks?: Record<string, Record<string, number>>;
  /** For each task: how many took at most each bound, how many took longer, and the seconds of all of them. */
  runtimes?: Record<string, number[]>;
  buckets?: number[];
  /** Messages waiting. */
  queues?: Record<string, number>;
}

/** Of the names in one report: more than djinit_report.py counts. */
const MOST_NAMES = 1_000;

type Shape<T> = (value: unknown) => value is T;
type Named = Record<string, unknown>;

const isNumber: Shape<number> = (value) => typeof value === "number";
const isNumbers: Shape<number[]> = (value): value is number[] =>
  Array.isArray(value) && value.every(isNumber);
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

const OPTIONAL: { [K in keyof Heartbeat]?: Shape<NonNullable<Heartbeat[K]> | null> } = {
  due: isNumber,
  since: isNumber,
  active: isNumber,
  oldest: isOldest,
  solo: (value): value is boolean => typeof value === "boolean",
  tasks: named(named(isNumber)),
  runtimes: named(isNumbers),
  buckets: isNumbers,
  queues: named(isNumber),
};

/** A report that is whole; undefined if it is none. Parts of a wrong shape are left out. */
export function readReport(text: string): Heartbeat | undefined {
  let report: unknown;
  try {
    report = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isNamed(report)) return undefined;
  const { seq, end, pid, kind, state, at, thread } = report;
  // Read while it is being written, it begins and ends with different numbers.
  if (!isNumber(seq) || seq !== end || !isNumber(pid) || !isNumber(at) || !isNumber(thread)) return undefined;
  if ((kind !== "worker" && kind !== "beat") || typeof state !== "string") return undefined;
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
