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
  /** As djinit's status has them: inside the container. Undefined: PID 1 did not tell. */
  servicePids: number[] | undefined;
  processes: (HostProcess & { kind: ProcessKind | "other" })[];
}

export interface MemberLog {
  member: MemberName;
  lines: Line[];
  /** A line without an end. */
  half: string;
  stderr: string;
}

/** A djinit that was started beside PID 1, and what came of it. */
export interface SecondRun {
  words: readonly string[];
  user: string;
  /** Undefined: it did not end. */
  status: number | undefined;
  said: string;
  /** Files of the first djinit that are gone, or are others now. */
  changed: string[];
}

/** What PID 1 was asked while things lay in its way, and what it answered. */
export interface PlantedReport {
  /** `fifo at /run/…`. */
  planted: string[];
  answers: { question: string; answer: string }[];
  /** Undefined: PID 1 is gone. */
  grewBytes: number | undefined;
}

/** One WebSocket, from its opening to its end. Times are in ms since 1970. */
export interface SocketOutcome {
  n: string;
  /** Whether the application says goodbye with a close frame. Else its process just ends. */
  polite: boolean;
  /** What ended it. */
  endedBy: "TERM" | "HUP" | "QUIT" | "client";
  echoes: number;
  /** Undefined: the client had heard of no end when all was over. */
  closedMs: number | undefined;
  /** Of the close frame; 1006 without one. */
  code: number | undefined;
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
  seconds?: SecondRun[];
  plants?: PlantedReport;
  sockets?: SocketOutcome[];
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
