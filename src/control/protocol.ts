// The protocol of the control socket: one line of JSON asks, one answers. Types only.
import type { StateName } from "../supervise/service-state.ts";

/** The verbs that PID 1 answers, under the same names as on the command line. */
export type AskedVerb =
  | "status"
  | "health"
  | "restart"
  | "reload"
  | "stop"
  | "start"
  | "scale"
  | "cache"
  | "logs";

export interface Request {
  verb: AskedVerb;
  service?: string;
  /** For `scale`: `+1`, `-1` or a number of workers. */
  workers?: string;
  /** For `logs`: also send what is written from now on. */
  follow?: boolean;
}

export interface Status {
  role: string;
  ready: boolean;
  draining: boolean;
  /** Why it is not ready: one sentence for each cause. */
  reasons: string[];
  /** What the start has left out, one sentence each. */
  notes: string[];
  services: ServiceStatus[];
  /** What Vault has lent; absent where no variable refers to it. */
  leases?: LeaseStatus[];
  /** Which services are to be confined, the version of the kernel's Landlock (0: none), and why one is not. Absent where none is to be. */
  confinement?: { services: string[]; landlock_version: number; unconfined?: Record<string, string> };
  /** How many workers gunicorn has by djinit's choice; absent where the project has said how many. */
  size?: SizeStatus;
  /** While the container boots: there are no services yet. */
  boot?: BootStatus;
}

export interface BootStatus {
  /** Since the container was started. */
  seconds: number;
  step?: string;
  step_seconds?: number;
  /** What the step waits for. */
  cause?: string;
  migrations?: { applied: number; total?: number; current?: string };
}

export interface SizeStatus {
  workers: number;
  /** Of each worker. */
  threads: number;
  /** What one holds, besides what it shares with the others, soon after its start. */
  worker_bytes: number;
  /** `processors` of the container; `memory`: there is none for more; `most`: so many at the most without a quota. */
  decided_by: "processors" | "memory" | "most";
}

export interface LeaseStatus {
  /** `token`: that of the login. */
  path: string;
  seconds_left: number;
  /** Since the last renewal. */
  renewed_seconds_ago?: number;
  /** Attempts in a row that have failed. */
  failures: number;
}

export interface ServiceStatus {
  service: string;
  state: StateName;
  ready: boolean;
  pid?: number;
  uptime_seconds?: number;
  /** Restarts after it died, without those that an operator asked for. */
  restarts: number;
  processes: number;
  /** Since the start of its main process, with the time of child processes that have ended. */
  cpu_seconds: number;
  /** The sum of its processes' resident memory: shared pages count once for each process. */
  memory_bytes: number;
  /** The exit status of its last process that has ended; 128+n for signal n. */
  exit_status?: number;
  /** Of a beat with a lock: whether it sends, or stands by. */
  leads?: boolean;
  /** An operator has stopped it, and it stays stopped. */
  held?: true;
}

export interface Health {
  live: boolean;
  ready: boolean;
  draining: boolean;
  checks: Check[];
}

/** One check of a probe, and its result. */
export interface Check {
  name: string;
  live: boolean;
  ready: boolean;
  /** Completes «NAME …»: is running, is backoff, has lost its broker… */
  detail: string;
}

/** The answer to start, stop, restart, scale and cache. */
export interface Done {
  /** One sentence. */
  done: string;
  /** False if it was not done, for instance because a service has not come up. */
  ok: boolean;
}
