// What passes between the two lives of PID 1, as JSON. Types only.

import type { Confinement } from "../base/confinement.ts";
import type { LogLevels } from "../config/log-types.ts";
import type { FileSources } from "../config/sources/sources.ts";
import type { VaultState } from "../vault/state.ts";

/** `process`: one of the project's own that PID 1 keeps running. */
export type Role = "web" | "worker" | "beat" | "tasks" | "process" | "release" | "command";

export type StepName =
  | "wait-for-database"
  | "migrate"
  | "wait-for-migrations"
  | "check-migrations"
  | "collectstatic"
  | "superuser"
  | "manifest"
  | "list-migrations"
  | "read-settings";

/** When a service counts as ready. */
export type Readiness =
  /** After this time. Nothing else can be observed. */
  | { kind: "settled"; afterMs: number }
  /** When the `msg` of a record matches this regular expression, or this file is written; at the latest after `orAfterMs`. */
  | { kind: "log"; pattern: string; orFile: string; orAfterMs: number }
  /** When it has written a file with this prefix since its start; at the latest after `orAfterMs`. */
  | { kind: "file"; prefix: string; orAfterMs: number }
  /** When the command of its health has ended with 0. */
  | { kind: "health" }
  /** When a worker behind the socket accepts a connection; with `path`, when it answers an HTTP request below 400. */
  | ({ kind: "http"; socketPath: string; path?: string } & HttpRequest)
  /** When a process accepts connections at each of these addresses. */
  | { kind: "tcp"; addresses: { host: string; port: number; wantsProxy?: true }[] };

/** A command that ends with 0 while the service is well. */
export interface HealthPlan {
  argv: string[];
  /** From its end to the next one. */
  periodMs: number;
  timeoutMs: number;
}

export interface HttpRequest {
  /** The Host header. */
  host: string;
  /** `NAME: value`: by what the application knows of a proxy that it was asked by https, besides X-Forwarded-Proto. */
  secureHeader?: string;
}

/** A listening socket that PID 1 holds. */
export type HeldSocket =
  /** PID 1 opens it, at a numeric address. */
  | { kind: "tcp"; host: string; port: number; onlyV6: boolean }
  /** The boot has opened it, and hands down this descriptor. */
  | {
      kind: "inherited";
      fd: number;
      /** The name that goes at a stop, so that clients wait elsewhere for the next container. */
      leaves?: string;
    };

export interface SocketPlan {
  sockets: HeldSocket[];
  /** Tells the process its descriptors: `NGINX=3;4;` is nginx's own format, `DJINIT_LISTEN_FDS=1` that of our gunicorn file. */
  variable: "NGINX" | "DJINIT_LISTEN_FDS";
}

/** A process that the boot has started already, for the supervising half to take over. */
export interface StartedProcess {
  pid: number;
  /** The read ends of its output. */
  stdoutFd: number;
  stderrFd: number;
  /** It has ended since: the boot has waited for it, so nobody else can. */
  endStatus?: number;
}

export interface ServicePlan {
  name: string;
  argv: string[];
  cwd: string;
  /** Undefined: runs as PID 1's user. */
  user?: string;
  /** The variables of the application's environment that it gets; undefined: all. */
  inherits?: string[];
  /** Variables of its own, which win. */
  environment: Record<string, string>;
  /** nginx: the application that it serves, where another container has that. */
  behind?: Extract<Readiness, { kind: "http" }>;
  /** Serves requests from outside, also during the drain delay. */
  facesClients: boolean;
  /** Starts when these are ready, stops before they do. */
  after: string[];
  readiness: Readiness;
  /** Asked again and again while it runs. */
  health?: HealthPlan;
  /** The listening sockets that PID 1 holds for it; undefined: it opens its own. */
  sockets?: SocketPlan;
  /** Its first process, if the boot has started it. */
  started?: StartedProcess;
  restart: "no" | "on-failure" | "always";
  stopSignal: NodeJS.Signals;
  fastStopSignal: NodeJS.Signals;
  /** Both go to all of its processes, not to the main one alone. */
  signalsGroup?: boolean;
  /** After fastStopSignal all its processes get these, for the case that the main one does not end the others. */
  hurryRest?: NodeJS.Signals[];
  /** A stop that takes too long sends this signal, so long before the kill. */
  lastCall?: { signal: NodeJS.Signals; beforeKillMs: number };
  /** The signal that makes it load new code and files while it serves; `restart` if no signal does. */
  reload?: NodeJS.Signals | "restart";
  /** A command that ends with 0 if a new start of the service would succeed now. */
  check?: string[];
  /** Reads settings from its environment. A changed environment needs a new process. */
  readsEnvironment: boolean;
  /** Signals to PID 1 that are for this service. */
  forwards: NodeJS.Signals[];
  /** Exit statuses after which a retry is useless, as long as the service has never been ready. */
  fatalStatuses: number[];
  /** What of celery it is; `tasks`: the worker of Django's tasks, which may be celery's. */
  celery?: "worker" | "beat" | "tasks";
  /** The file of its heartbeat. The stack of a stalled process is at `<path>.stack`. */
  heartbeatFile?: string;
  /**
   * nginx: the file with gunicorn's timeout of a request, and the file that makes nginx wait as long. `seconds`: how long it
   * waits where gunicorn says nothing, if that is known; else, as without gunicorn's word, a minute at least.
   */
  waits?: { timeoutFile: string; nginxFile: string; seconds?: number };
  /** nginx, where another directory than /run serves: its files, and the copy that it reads, made before each look at it. */
  mirror?: { from: string; to: string; run: string };
  /** Socket files that a killed process leaves behind. A new process could not listen there. */
  staleSockets?: string[];
  /** What the kernel lets its process reach; undefined: whatever its user may. Begins with a process. */
  confinement?: Confinement;
  /** Why it is not confined, although it is to be. */
  unconfined?: string;
  /** Of nginx: what its files do not tell of that. */
  confines?: { run: string; writable: string[] };
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

/** HTTPS at nginx: what PID 1 looks at again and again. */
export interface TlsPlan {
  /** The files that were given. */
  certificate: string;
  key: string;
  /** Where nginx has both. */
  file: string;
  /** nginx's user, where it is another one than PID 1's. */
  reader?: string;
  /** When the certificate ends, since 1970. */
  expiresMs: number;
}

export interface Plan {
  role: Role;
  /** What serves as /run. */
  run: string;
  /** What this start has left out; undefined: nothing. */
  note?: string;
  services: ServicePlan[];
  gracePeriodMs: number;
  /** From the stop signal to the stop of the services that face clients. */
  drainDelayMs: number;
  startupTimeoutMs: number;
  maxRestarts: number;
  /** Where there is gunicorn: the part of the memory limit from which on it renews its largest worker. */
  memoryGuard?: number;
  logs: LogPlan;
  admin: AdminPlan;
  tls?: TlsPlan;
  /** What the boot has found out; absent where there was nothing to do. */
  boot?: BootFacts;
  /** Which variables come from files, to be read again by a reload. */
  sources: FileSources;
  /** Variables that no service gets. */
  bootOnly: string[];
  /** The lock that a second djinit finds taken. Open as long as PID 1 lives. */
  lockFd?: number;
  /** Listening sockets at which the boot has answered. The second life goes on there. */
  adminFds?: AdminDescriptors;
  /** The user of the second life; undefined: unchanged (not started as root, or a command that keeps root). */
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
  /** The steps are for a database that others bring up to date: only the settings can tell whether there is one. */
  onlyIfShared: boolean;
  nginx: boolean;
  /** A web server of the application's. */
  application: boolean;
}

/** What the first life leaves to the second. */
export interface HandedOver {
  plan: Plan;
  /** The application's. */
  environment: Record<string, string>;
  /** What Vault has lent, where a variable refers to it. */
  vault?: VaultState;
}
