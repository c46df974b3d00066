// What goes over the control socket: one line of JSON asks, one answers. Types only.
import type { ErrorCode } from "../base/errors.ts";
import type { StateName } from "../supervise/service-state.ts";

/** The verbs that PID 1 answers, under the same names as on the command line. */
export type AskedVerb = "status" | "health" | "restart" | "reload" | "stop" | "start" | "scale" | "logs";

export interface Request {
  verb: AskedVerb;
  service?: string;
  /** Of `scale`: `+1`, `-1` or a number of workers. */
  workers?: string;
  /** Of `logs`: go on with what is written from now on. */
  follow?: boolean;
}

/** In place of an answer. */
export interface Failure {
  error: { code: ErrorCode; message: string };
}

export interface Status {
  role: string;
  ready: boolean;
  draining: boolean;
  /** Why it is not ready, one sentence each. */
  reasons: string[];
  /** What the start has left out, one sentence each. */
  notes: string[];
  services: ServiceStatus[];
}

export interface ServiceStatus {
  service: string;
  state: StateName;
  ready: boolean;
  pid?: number;
  uptime_seconds?: number;
  /** After it died; not those that were asked for. */
  restarts: number;
  processes: number;
  /** Since its main process was started; that of processes which have ended included. */
  cpu_seconds: number;
  /** Resident memory of its processes, added up: what they share counts for each. */
  memory_bytes: number;
  /** The status of its last process that has ended; 128+n for signal n. */
  exit_status?: number;
  /** An operator has stopped it, and it stays so. */
  held?: true;
}

export interface Health {
  live: boolean;
  ready: boolean;
  draining: boolean;
  checks: Check[];
}

/** One question of a probe and its answer. */
export interface Check {
  name: string;
  live: boolean;
  ready: boolean;
  /** Completes «NAME …»: is running, is backoff, has lost its broker… */
  detail: string;
}

/** Of start, stop, restart and scale. */
export interface Done {
  /** One sentence. */
  done: string;
  /** False where it did not come about, for instance a service that does not come up. */
  ok: boolean;
}
