// What celery's own lines say about a task.

export type TaskState =
  | "sent"
  | "received"
  | "succeeded"
  | "failed"
  | "retried"
  | "rejected"
  | "ignored"
  | "revoked";

export interface TaskFields {
  id?: string;
  name: string;
  state?: TaskState;
  /** Seconds. */
  runtime?: number;
}

// Task cakes.bake[d9f2…] succeeded in 0.012s: None
const TASK = /^Task (\S+?)\[([^\]\s]+)\] ?(received|succeeded in ([\d.e-]+)s: |retry: |ignored$|.*)/s;
// Scheduler: Sending due task record-beat (cakes.record_beat)
const SENT = /^Scheduler: Sending due task .+ \(([^()\s]+)\)$/s;
// Discarding revoked task: cakes.bake[d9f2…]
const REVOKED = /^Discarding revoked task: (\S+?)\[([^\]\s]+)\]/;
// Soft time limit (1s) exceeded for cakes.bake[d9f2…]; Hard time limit …
const OVERDUE = /^(?:Soft|Hard) time limit \([\d.]+s\) exceeded for (\S+?)\[([^\]\s]+)\]/;
// cakes.bake[d9f2…]: what the task's own logger says
const OWN = /^([\w.]+)\[([0-9a-f-]{36})\]: /;
/** The text after the name of a failed task. A rejection has only its exception. */
const FAILED = /^(raised (un)?expected|INTERNAL ERROR): /;

/** Undefined if celery's message is not about a single task. */
export function parseTaskMessage(msg: string): TaskFields | undefined {
  // The first letter rules out nearly all other messages.
  switch (msg.charCodeAt(0)) {
    case 0x54: // T
      return msg.startsWith("Task ") ? readTask(msg) : undefined;
    case 0x53: {
      // S
      const [, name] = SENT.exec(msg) ?? [];
      return name === undefined ? readNamed(OVERDUE, msg) : { name, state: "sent" };
    }
    case 0x44: // D
      return readNamed(REVOKED, msg, "revoked");
    case 0x48: // H
      return readNamed(OVERDUE, msg);
  }
  return readNamed(OWN, msg);
}

function readTask(msg: string): TaskFields | undefined {
  const [, name, id, what = "", runtime] = TASK.exec(msg) ?? [];
  if (name === undefined || id === undefined) return undefined;
  const state = stateOf(what);
  const seconds = Number(runtime ?? Number.NaN);
  return {
    id,
    name,
    ...(state === undefined ? {} : { state }),
    ...(Number.isFinite(seconds) ? { runtime: seconds } : {}),
  };
}

function stateOf(what: string): TaskState | undefined {
  if (what === "received") return "received";
  if (what.startsWith("succeeded in ")) return "succeeded";
  if (what === "retry: ") return "retried";
  if (what === "ignored") return "ignored";
  if (FAILED.test(what)) return "failed";
  return /^(rejected\b|reject requeue=|Reject\()/.test(what) ? "rejected" : undefined;
}

function readNamed(pattern: RegExp, msg: string, state?: TaskState): TaskFields | undefined {
  const [, name, id] = pattern.exec(msg) ?? [];
  if (name === undefined || id === undefined) return undefined;
  return { id, name, ...(state === undefined ? {} : { state }) };
}
