// What can go wrong in a round. Data only: how it is done is in fault-*.ts.
import type { SubjectKind } from "./round.ts";

export const PROCESS_KINDS = [
  "nginx-master",
  "nginx-worker",
  "gunicorn-master",
  "gunicorn-worker",
  "celery-main",
  "celery-pool",
  "beat",
  "djinit",
] as const;
export type ProcessKind = (typeof PROCESS_KINDS)[number];

export interface FaultSpec {
  name: string;
  action:
    | "kill"
    | "freeze"
    | "database"
    | "broker"
    | "reader"
    | "disk"
    | "memory"
    | "stop"
    | "reload"
    | "second"
    | "plant"
    | "sockets";
  /** The processes that it is aimed at; the seed picks one. */
  targets: readonly ProcessKind[];
  /** How long it lasts; for `term-boot` how long after the start it comes. Both ends included. */
  durationMs: readonly [least: number, most: number];
  subjects: readonly SubjectKind[];
}

const BOTH: readonly SubjectKind[] = ["all-in-one", "separate"];
/** Beside web the worker runs its tasks in its own process. */
const WITH_POOL: readonly SubjectKind[] = ["separate"];
const AT_ONCE = [0, 0] as const;
/** Long enough for everything that waits to wait, and well below gunicorn's and the broker's own timeouts. */
const FREEZE_MS = [200, 3_000] as const;

/** The order counts: a seed draws one of these by its place. */
export const FIRST_FAULTS: readonly FaultSpec[] = [
  ...PROCESS_KINDS.filter((kind) => kind !== "djinit").map(
    (kind): FaultSpec => ({
      name: `kill-${kind}`,
      action: "kill",
      targets: [kind],
      durationMs: AT_ONCE,
      subjects: kind === "celery-pool" ? WITH_POOL : BOTH,
    }),
  ),
  ...PROCESS_KINDS.map(
    (kind): FaultSpec => ({
      name: `freeze-${kind}`,
      action: "freeze",
      targets: [kind],
      durationMs: FREEZE_MS,
      subjects: kind === "celery-pool" ? WITH_POOL : BOTH,
    }),
  ),
  { name: "database-restart", action: "database", targets: [], durationMs: AT_ONCE, subjects: BOTH },
  { name: "database-paused", action: "database", targets: [], durationMs: [10_000, 10_000], subjects: BOTH },
  { name: "broker-gone", action: "broker", targets: [], durationMs: [300, 4_000], subjects: BOTH },
  { name: "reader-stalled", action: "reader", targets: [], durationMs: [1_000, 6_000], subjects: BOTH },
  { name: "run-full", action: "disk", targets: [], durationMs: [500, 3_000], subjects: BOTH },
  {
    name: "run-full-kill",
    action: "disk",
    targets: ["nginx-master", "gunicorn-master", "gunicorn-worker", "celery-main", "beat"],
    durationMs: [500, 3_000],
    subjects: BOTH,
  },
  { name: "memory", action: "memory", targets: [], durationMs: AT_ONCE, subjects: BOTH },
  { name: "term-boot", action: "stop", targets: [], durationMs: [0, 2_500], subjects: BOTH },
  { name: "term-run", action: "stop", targets: [], durationMs: AT_ONCE, subjects: BOTH },
  { name: "reload", action: "reload", targets: [], durationMs: AT_ONCE, subjects: BOTH },
];

/** These came later. They are drawn by themselves, so that all other seeds keep the rounds that they have always had. */
export const LATER_FAULTS: readonly FaultSpec[] = [
  { name: "second-djinit", action: "second", targets: [], durationMs: AT_ONCE, subjects: BOTH },
  { name: "planted-fifo", action: "plant", targets: [], durationMs: AT_ONCE, subjects: BOTH },
  { name: "websocket", action: "sockets", targets: [], durationMs: [0, 1_500], subjects: BOTH },
];

export const FAULTS: readonly FaultSpec[] = [...FIRST_FAULTS, ...LATER_FAULTS];

/** Errors: no fault has that name; the error lists them. */
export function faultNamed(name: string): FaultSpec {
  const found = FAULTS.find((fault) => fault.name === name);
  if (found !== undefined) return found;
  throw new Error(`cannot find fault ${name}: there are ${FAULTS.map((fault) => fault.name).join(", ")}`);
}
