// What passes between the two lives of PID 1, as JSON. Types only.
import type { FileSources } from "../config/file-variables.ts";
import type { LogLevels } from "../config/log-types.ts";

export type Role = "web" | "worker" | "beat" | "release" | "command";

export type StepName =
  | "wait-for-database"
  | "migrate"
  | "wait-for-migrations"
  | "check-migrations"
  | "collectstatic"
  | "superuser"
  | "manifest"
  | "list-migrations";

/** How to find out that a service has come up. */
export type Readiness =
  /** It is when it has lived this long: nothing more can be asked of it. */
  | { kind: "settled"; afterMs: number }
  /** It says so: a record whose `msg` matches this regular expression; or has lived for `orAfterMs`. */
  | { kind: "log"; pattern: string; orAfterMs: number }
  /** It has written a file whose path begins so, since it was started; or has lived for `orAfterMs`. */
  | { kind: "file"; prefix: string; orAfterMs: number }
  /** A worker behind the socket takes a connection; with `path` an HTTP request must be answered below 400. */
  | { kind: "http"; socketPath: string; path?: string; host: string }
  /** A process takes connections at each of these addresses. */
  | { kind: "tcp"; addresses: { host: string; port: number }[] };

/** A listening socket that PID 1 holds. */
export type HeldSocket =
  /** PID 1 opens it, at a numeric address. */
  | { kind: "tcp"; host: string; port: number; onlyV6: boolean }
  /** The boot has opened it, and left this descriptor of it. */
  | { kind: "inherited"; fd: number };

export interface SocketPlan {
  sockets: HeldSocket[];
  /** Tells the process which they are: `NGINX=3;4;` is nginx's own way, `DJINIT_LISTEN_FDS=1` our gunicorn file's. */
  variable: "NGINX" | "DJINIT_LISTEN_FDS";
}

/** A process that the boot has started already, for the supervising half to take over. */
export interface StartedProcess {
  pid: number;
  /** The ends to read of what it writes. */
  stdoutFd: number;
  stderrFd: number;
}

export interface ServicePlan {
  name: string;
  argv: string[];
  cwd: string;
  /** Undefined: runs as whoever PID 1 is. */
  user?: string;
  /** Of the application's environment it gets these variables; undefined: all. */
  inherits?: string[];
  /** On top of that. */
  environment: Record<string, string>;
  /** Takes requests from outside: goes on with that for the drain delay. */
  facesClients: boolean;
  /** Starts when these are ready, stops before they do. */
  after: string[];
  readiness: Readiness;
  /** What it accepts connections from; undefined: it opens its sockets itself. */
  sockets?: SocketPlan;
  /** Its first process, where there is one already. */
  started?: StartedProcess;
  restart: "no" | "on-failure" | "always";
  stopSignal: NodeJS.Signals;
  fastStopSignal: NodeJS.Signals;
  /** What all its processes get a moment after that, where the main one may not make the others end. */
  hurryRest?: NodeJS.Signals[];
  /** When a stop has not ended it so long before it is killed, it gets this signal. */
  lastCall?: { signal: NodeJS.Signals; beforeKillMs: number };
  /** What makes it take new code and files while it serves; `restart` where only that does. */
  reload?: NodeJS.Signals | "restart";
  /** A command that ends with 0 if the service could be started anew as things are now. */
  check?: string[];
  /** Takes settings from its environment: with another one only a new process will do. */
  readsEnvironment: boolean;
  /** Signals to PID 1 that are for this service. */
  forwards: NodeJS.Signals[];
  /** Exit statuses that trying again will not change, as long as the service has never been ready. */
  fatalStatuses: number[];
  /** Where it reports how it is doing, if it does: the report, and the stack of a process that has stalled at `<path>.stack`. */
  heartbeatFile?: string;
  /** nginx: where gunicorn says what it lets a request take, and the file that makes nginx wait as long. */
  waits?: { timeoutFile: string; nginxFile: string };
  /** nginx, where another directory than /run serves: its files, and the copy that it reads, made before each look at it. */
  mirror?: { from: string; to: string; run: string };
  /** Sockets that an earlier process of it may have left, and that would keep a new one from listening. */
  staleSockets?: string[];
  /** `inherit`: the service has PID 1's stdin, stdout and stderr, a terminal included, to itself. */
  output: "relay" | "inherit";
}

/** Which records are written, and how. */
export interface LogPlan {
  /** Undefined: JSON, or the one for people where stdout is a terminal. */
  format?: "json" | "logfmt" | "pretty";
  levels: LogLevels;
  /** Paths and user agents of requests that are left out. */
  skip: string[];
  /** `nginx`: requests have the field names of docker-django-bootstrap. */
  accessFields: "schema" | "nginx";
}

export interface Plan {
  role: Role;
  /** What serves as /run. */
  run: string;
  /** What this start has left out; undefined: nothing. */
  note?: string;
  services: ServicePlan[];
  gracePeriodMs: number;
  /** From the stop signal to the moment when those that take requests from outside are asked to stop. */
  drainDelayMs: number;
  startupTimeoutMs: number;
  maxRestarts: number;
  logs: LogPlan;
  admin: AdminPlan;
  /** What the boot has found out; absent where there was nothing to do. */
  boot?: BootFacts;
  /** Which variables come from files, to be read again by a reload. */
  sources: FileSources;
  /** Variables that no service gets. */
  bootOnly: string[];
  /** The lock that tells another djinit of this one: kept open as long as PID 1 lives. */
  lockFd?: number;
  /** What the boot has answered at while it was under way, to be answered at from now on. */
  adminFds?: AdminDescriptors;
  /** Whom the supervising half runs as; undefined: as it is (not started as root, or a command that keeps root). */
  supervisorUser?: string;
}

export interface AdminPlan {
  /** Of /metrics and the probes; 0: none. */
  port: number;
  /** Where that port is; undefined: at all addresses. */
  address?: string;
  /** nginx passes requests for the probes to a socket of ours. */
  nginxProbes: boolean;
  /** Hosts that metrics are kept apart for, as ALLOWED_HOSTS has them; undefined: the first that come. */
  metricsHosts?: string[];
  /** Where the application's processes keep their Prometheus metrics, if they do. */
  prometheusDirectory: string;
}

/** Listening sockets: of the control socket, and of the admin port. */
export interface AdminDescriptors {
  control?: number;
  http?: number;
}

/** For the metrics. */
export interface BootFacts {
  /** How long each step took, in seconds. */
  stepSeconds: Partial<Record<string, number>>;
  migrations?: { applied: number; pending: number };
}

/** What the boot has to do before the services, in this order. */
export interface BootPlan {
  /** Media directories get the owner django. */
  ownMedia: boolean;
  steps: StepName[];
  nginx: boolean;
}

/** What the first life leaves to the second. */
export interface HandedOver {
  plan: Plan;
  /** The application's. */
  environment: Record<string, string>;
}
