// What was seen of one round. The invariants judge this, and nothing else.
import type { ProcessKind } from "./fault-table.ts";
import type { HostProcess } from "./host-processes.ts";
import type { RequestOutcome } from "./load.ts";
import type { Line } from "./log-reader.ts";
import type { MemberName, Round } from "./round.ts";

export interface Exit {
  member: MemberName;
  /** Undefined: it did not end within its deadline. */
  status: number | undefined;
  afterMs: number;
}

export interface MemberProcesses {
  member: MemberName;
  initPid: number;
  /** As djinit's status has them: inside the container. */
  servicePids: number[];
  processes: (HostProcess & { kind: ProcessKind | "other" })[];
}

export interface MemberLog {
  member: MemberName;
  lines: Line[];
  /** A line without an end. */
  half: string;
  stderr: string;
}

/** What the fault itself has to tell. Times are in ms since 1970. */
export interface FaultReport {
  fromMs: number;
  toMs: number;
  exits: Exit[];
  /** When the broker had ended for certain. */
  brokerGoneMs?: number;
  /** While nobody read stdout: whether PID 1 answered its control socket, and how much its memory grew. */
  stall?: { answered: boolean; grewBytes: number; unansweredAtEnd: number };
}

export interface Observation {
  round: Round;
  fault: FaultReport;
  /** What a subject that serves does, and this one did not within the deadline. */
  notServing: string[];
  recoveredAfterMs: number;
  samples: MemberProcesses[];
  requests: RequestOutcome[];
  /** Words `begin` and `end` with the names of tasks, one a line, since the subject was made. */
  ledger: string;
  /** Tasks of earlier rounds that had run exactly once when those were over. */
  settledTasks: ReadonlySet<string>;
  logs: MemberLog[];
}

export interface Violation {
  invariant: string;
  expected: string;
  got: string;
}
