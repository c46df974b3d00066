import type { Config } from "../config/variables.ts";
import { identityOf } from "./environment.ts";
import { APP_DIRECTORY, DJANGO_USER, GUNICORN_CONFIG, GUNICORN_SOCKET } from "./paths.ts";
import type { ServicePlan, StartedProcess } from "./plan.ts";

/** gunicorn's own statuses for «a worker could not boot» and «the application could not be loaded». */
const WORKER_BOOT_ERROR = 3;
const APP_LOAD_ERROR = 4;

/** Options that change what gunicorn listens at, or read another file than ours, which takes no socket from PID 1. */
const OWN_SOCKET = /(^|\s)(-b|--bind|--backlog|--reuse-port|-m|--umask|-c|--config)/;

/** Whether gunicorn is to listen at the socket that nginx's files name: then PID 1 holds it. */
export function usesUsualSocket(words: readonly string[], config: Config): boolean {
  return !OWN_SOCKET.test([...words, config.gunicornArguments ?? ""].join(" "));
}

/** What the boot has done for gunicorn. */
export interface GunicornFacts {
  /** The usual socket, if PID 1 holds it. */
  socketFd?: number | undefined;
  /** Its process, if it has been started beside the boot. */
  started?: StartedProcess | undefined;
}

export function planGunicorn(
  words: readonly string[],
  config: Config,
  { socketFd, started }: GunicornFacts = {},
): ServicePlan {
  const application = config.appModule === undefined ? [] : [config.appModule];
  // Words of the CMD come last: where gunicorn takes an option twice the last one counts.
  const argv = [
    "gunicorn",
    "--config",
    GUNICORN_CONFIG,
    ...gracefulTimeout(words, config),
    ...words,
    ...application,
  ];
  return {
    name: "gunicorn",
    argv,
    // On HUP a worker that cannot load the application ends the master, and every worker with it.
    check: [...argv, "--check-config"],
    cwd: APP_DIRECTORY,
    user: DJANGO_USER,
    environment: identityOf(DJANGO_USER),
    facesClients: false,
    after: [],
    readiness: {
      kind: "http",
      socketPath: GUNICORN_SOCKET,
      host: config.readinessHost,
      ...(config.readinessPath === undefined ? {} : { path: config.readinessPath }),
    },
    ...(socketFd === undefined
      ? {}
      : { sockets: { sockets: [{ kind: "inherited", fd: socketFd }], variable: "DJINIT_LISTEN_FDS" } }),
    ...(started === undefined ? {} : { started }),
    restart: "always",
    stopSignal: "SIGTERM",
    fastStopSignal: "SIGQUIT",
    // uvicorn's workers do not know QUIT, and a master that has had TERM does not pass it on: it would wait until it is killed.
    hurryRest: ["SIGTERM", "SIGQUIT"],
    reload: "SIGHUP",
    // Not USR2: it starts a second master that PID 1 could not tell from an orphan. HUP reloads the code.
    forwards: ["SIGUSR1", "SIGTTIN", "SIGTTOU"],
    readsEnvironment: true,
    fatalStatuses: [WORKER_BOOT_ERROR, APP_LOAD_ERROR],
    output: "relay",
  };
}

/** gunicorn's own default. */
const GRACEFUL_TIMEOUT_MS = 30_000;

/**
 * gunicorn may be asked to end long before nginx has gone: a longer grace period is for the requests that it has in hand.
 * What the user says of it counts.
 */
function gracefulTimeout(words: readonly string[], { gunicornArguments, gracePeriodMs }: Config): string[] {
  const isSaid = [...words, gunicornArguments ?? ""].some((it) => it.includes("--graceful-timeout"));
  if (isSaid || gracePeriodMs <= GRACEFUL_TIMEOUT_MS) return [];
  return ["--graceful-timeout", String(Math.ceil(gracePeriodMs / 1000))];
}
