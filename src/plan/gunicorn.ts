import type { Config } from "../config/variables.ts";
import { DJANGO_USER, GUNICORN_CONFIG } from "./paths.ts";
import type { AdminPlan, ServicePlan } from "./plan.ts";
import { gunicornLimits } from "./requests/header-limits.ts";
import {
  applicationEnvironment,
  applicationReadiness,
  GRACEFUL_TIMEOUT_MS,
  gracefulSeconds,
} from "./servers/application.ts";

/** argparse's for arguments that it does not understand. */
const USAGE_ERROR = 2;
/** gunicorn's own statuses for «a worker could not boot» and «the application could not be loaded». */
const WORKER_BOOT_ERROR = 3;
const APP_LOAD_ERROR = 4;

/** Options that change where gunicorn listens, or name another configuration file. */
const OWN_SOCKET = /(^|\s)(-b|--bind|--backlog|--reuse-port|-m|--umask|-c|--config)/;

/**
 * Whether gunicorn listens at the socket that nginx's files name, by its arguments alone. If so, PID 1 can hold that socket.
 */
export function usesUsualSocket(args: readonly string[], config: Config): boolean {
  return !OWN_SOCKET.test([...args, config.gunicornArguments ?? ""].join(" "));
}

/** How many services there are that load the project beside gunicorn; undefined where it is not there. */
export function besideGunicorn(services: readonly Pick<ServicePlan, "name">[]): number | undefined {
  if (!services.some(({ name }) => name === "gunicorn")) return undefined;
  return services.filter(({ name }) => name !== "gunicorn" && name !== "nginx").length;
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
    environment: {
      ...applicationEnvironment(config),
      ...portsVariable([], admin),
      ...gracefulTimeout(config),
      ...renewal(config),
      ...gunicornLimits(config),
      ...requestTimeout(config),
    },
    facesClients: false,
    after: [],
    readiness: applicationReadiness(config),
    restart: "always",
    stopSignal: "SIGTERM",
    fastStopSignal: "SIGQUIT",
    // uvicorn's workers ignore QUIT, and a master does not forward QUIT after TERM. It would wait until it is killed.
    hurryRest: ["SIGTERM", "SIGQUIT"],
    reload: "SIGHUP",
    // Not USR2: it starts a second master that PID 1 could not tell from an orphan. HUP reloads the code.
    forwards: ["SIGUSR1", "SIGTTIN", "SIGTTOU"],
    readsEnvironment: true,
    fatalStatuses: [USAGE_ERROR, WORKER_BOOT_ERROR, APP_LOAD_ERROR],
    output: "relay",
  };
}

/** Our gunicorn file reads them: a number of requests, and bytes. */
function renewal({ workerMaxRequests, workerMaxMemory }: Config): Record<string, string> {
  return {
    ...(workerMaxRequests === undefined ? {} : { DJINIT_WORKER_MAX_REQUESTS: String(workerMaxRequests) }),
    ...(workerMaxMemory === undefined ? {} : { DJINIT_WORKER_MAX_MEMORY: String(workerMaxMemory) }),
  };
}

/** In whole seconds, as gunicorn has them. */
function requestTimeout({ requestTimeoutMs }: Config): Record<string, string> {
  if (requestTimeoutMs === undefined) return {};
  return { DJINIT_REQUEST_TIMEOUT: String(Math.ceil(requestTimeoutMs / 1000)) };
}

/**
 * A longer grace period also gives gunicorn longer to finish its requests. Our gunicorn file reads the variable; the
 * project's own file and arguments win over it.
 */
function gracefulTimeout(config: Config): Record<string, string> {
  if (config.gracePeriodMs <= GRACEFUL_TIMEOUT_MS) return {};
  return { DJINIT_GRACEFUL_TIMEOUT: String(gracefulSeconds(config)) };
}

/**
 * gunicorn reads only the last of two files. Ours comes last, and reads the project's file itself. A file of the user's in
 * its place comes first, so that the project's file wins.
 */
function withFile(args: readonly string[], settles: boolean): string[] {
  const file = ["--config", GUNICORN_CONFIG];
  if (!settles) return [...file, ...args];
  // Options end here.
  const end = args.indexOf("--");
  return end === -1 ? [...args, ...file] : [...args.slice(0, end), ...file, ...args.slice(end)];
}
