import type { Config } from "../config/variables.ts";
import { identityOf } from "./environment.ts";
import { DJANGO_USER, GUNICORN_CONFIG, GUNICORN_SOCKET } from "./paths.ts";
import type { AdminPlan, ServicePlan } from "./plan.ts";

/** argparse's for arguments that it does not understand. */
const USAGE_ERROR = 2;
/** gunicorn's own statuses for «a worker could not boot» and «the application could not be loaded». */
const WORKER_BOOT_ERROR = 3;
const APP_LOAD_ERROR = 4;

/** Options that change what gunicorn listens at, or read another file than the one in the place of the image's. */
const OWN_SOCKET = /(^|\s)(-b|--bind|--backlog|--reuse-port|-m|--umask|-c|--config)/;

/**
 * Whether gunicorn listens at the socket that nginx's files name, where its file does not see to it: then PID 1 holds it.
 */
export function usesUsualSocket(args: readonly string[], config: Config): boolean {
  return !OWN_SOCKET.test([...args, config.gunicornArguments ?? ""].join(" "));
}

export interface GunicornFacts {
  /** Its file reads the project's own. */
  settles: boolean;
  admin: Pick<AdminPlan, "port">;
}

/** Tells our gunicorn file which ports are not gunicorn's. */
export function portsVariable(
  listens: readonly { port: number }[],
  { port: admin }: Pick<AdminPlan, "port">,
): Record<string, string> {
  const nginx = [...new Set(listens.map(({ port }) => port))];
  return { DJINIT_PORTS: JSON.stringify({ nginx, admin }) };
}

export function planGunicorn(
  args: readonly string[],
  config: Config,
  { settles, admin }: GunicornFacts,
): ServicePlan {
  const application = config.appModule === undefined ? [] : [config.appModule];
  const argv = ["gunicorn", ...withFile([...args, ...application], settles)];
  return {
    name: "gunicorn",
    argv,
    // On HUP a worker that cannot load the application ends the master, and every worker with it.
    check: ["gunicorn", "--check-config", ...argv.slice(1)],
    cwd: config.appDirectory,
    user: DJANGO_USER,
    environment: { ...identityOf(DJANGO_USER), ...portsVariable([], admin), ...gracefulTimeout(config) },
    facesClients: false,
    after: [],
    readiness: {
      kind: "http",
      socketPath: GUNICORN_SOCKET,
      host: config.readinessHost,
      ...(config.readinessPath === undefined ? {} : { path: config.readinessPath }),
    },
    restart: "always",
    stopSignal: "SIGTERM",
    fastStopSignal: "SIGQUIT",
    // uvicorn's workers do not know QUIT, and a master that has had TERM does not pass it on: it would wait until it is killed.
    hurryRest: ["SIGTERM", "SIGQUIT"],
    reload: "SIGHUP",
    // Not USR2: it starts a second master that PID 1 could not tell from an orphan. HUP reloads the code.
    forwards: ["SIGUSR1", "SIGTTIN", "SIGTTOU"],
    readsEnvironment: true,
    fatalStatuses: [USAGE_ERROR, WORKER_BOOT_ERROR, APP_LOAD_ERROR],
    output: "relay",
  };
}

/** gunicorn's own default. */
const GRACEFUL_TIMEOUT_MS = 30_000;

/**
 * gunicorn may be asked to end long before nginx has gone: a longer grace period is for the requests that it has in hand.
 * Our gunicorn file reads it; what the project's file or arguments say of it counts.
 */
function gracefulTimeout({ gracePeriodMs }: Config): Record<string, string> {
  if (gracePeriodMs <= GRACEFUL_TIMEOUT_MS) return {};
  return { DJINIT_GRACEFUL_TIMEOUT: String(Math.ceil(gracePeriodMs / 1000)) };
}

/**
 * Where gunicorn is given two files it reads the last one. Ours reads the project's own by itself; another, in its place,
 * gives way to it.
 */
function withFile(args: readonly string[], settles: boolean): string[] {
  const file = ["--config", GUNICORN_CONFIG];
  if (!settles) return [...file, ...args];
  // What follows is no option any more.
  const end = args.indexOf("--");
  return end === -1 ? [...args, ...file] : [...args.slice(0, end), ...file, ...args.slice(end)];
}
