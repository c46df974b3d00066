import { join } from "node:path";
import type { Config } from "../config/variables.ts";
import { scheduleFile, withFiles } from "./celery-files.ts";
import { identityOf } from "./environment.ts";
import { optionValue } from "./option-value.ts";
import { CELERY_DIRECTORY, DJANGO_USER } from "./paths.ts";
import type { ServicePlan } from "./plan.ts";
import type { CeleryArgs } from "./role.ts";

const NOTHING_GIVEN: CeleryArgs = { globals: [], subcommand: undefined, rest: [] };
/** click's status for arguments it does not understand. */
const USAGE_ERROR = 2;

/** If readiness cannot be seen. celery refuses bad arguments or a bad application long before that. */
const SETTLED_AFTER_MS = 10_000;
/** What a worker logs, at level INFO, when it has connected to the broker and consumes: «celery@host ready.» */
export const WORKER_IS_READY = "\\S@\\S+ ready\\.$";

/**
 * After QUIT a worker needs 2 s with Redis, and more than 4 s where six programs want each processor: it ends its pool, and puts unacknowledged tasks back into
 * the queue. After KILL that is left to the broker, and Redis does it only after an hour.
 */
const COLD_SHUTDOWN_MS = 5_000;

/** The last call comes no earlier than after this part of the grace period. */
export const LEAST_PART_BEFORE_LAST_CALL = 0.5;

const CELERY_SERVICE = {
  user: DJANGO_USER,
  facesClients: false,
  after: [],
  restart: "always",
  stopSignal: "SIGTERM", // to the main PID only: its pool must live to finish the tasks
  fastStopSignal: "SIGQUIT",
  readsEnvironment: true,
  fatalStatuses: [USAGE_ERROR],
  output: "relay",
} satisfies Omit<ServicePlan, "name" | "argv" | "cwd" | "environment" | "reload" | "forwards" | "readiness">;

/** celery loads `djinit_heartbeat`, which writes its reports to the file in this variable. */
function named(
  name: string,
  config: Config,
): Pick<ServicePlan, "name" | "cwd" | "environment" | "heartbeatFile"> {
  const heartbeatFile = `${CELERY_DIRECTORY}/${name}.heartbeat`;
  return {
    name,
    // Relative names of the project's own files mean what they mean to gunicorn.
    cwd: config.appDirectory,
    heartbeatFile,
    environment: { ...identityOf(DJANGO_USER), ...brokerOf(config), DJINIT_HEARTBEAT: heartbeatFile },
  };
}

/** `beside` web the worker shares the container, and runs its tasks in its own process. */
export function planCeleryWorker(
  config: Config,
  args: CeleryArgs = NOTHING_GIVEN,
  beside = false,
  name?: string,
): ServicePlan {
  const defaults = beside ? ["--pool=solo", "--pidfile", join(CELERY_DIRECTORY, "worker.pid")] : [];
  const concurrency = ["--concurrency", String(config.celeryConcurrency ?? 1)];
  const worker = named(name ?? "celery-worker", config);
  return {
    ...CELERY_SERVICE,
    ...worker,
    environment: { ...worker.environment, DJINIT_SOFT_SHUTDOWN_MAX: softShutdownLimits(config) },
    celery: "worker",
    check: [...celeryCommand(config, args.globals), "report"],
    readiness: tellsReadiness(config, args)
      ? // With logging of the project's own the record may never come; without `djinit_heartbeat` the file does not. The worker
        // must not be killed for that.
        {
          kind: "log",
          pattern: WORKER_IS_READY,
          orFile: `${worker.heartbeatFile}.ready`,
          orAfterMs: config.startupTimeoutMs / 2,
        }
      : { kind: "settled", afterMs: SETTLED_AFTER_MS },
    argv: [
      ...celeryCommand(config, args.globals),
      "worker",
      ...defaults,
      ...nodeName(name, args),
      ...concurrency,
      ...logLevel(config),
      ...withFiles(args),
    ],
    ...(hasPool([...defaults, ...args.rest])
      ? { lastCall: { signal: "SIGQUIT", beforeKillMs: COLD_SHUTDOWN_MS } }
      : {}),
    reload: "restart",
    forwards: beside ? [] : ["SIGUSR1", "SIGUSR2"],
  };
}

export function planCeleryBeat(
  config: Config,
  args: CeleryArgs = NOTHING_GIVEN,
  beside = false,
  name = "celery-beat",
): ServicePlan {
  const defaults = beside ? ["--pidfile", join(CELERY_DIRECTORY, "beat.pid")] : [];
  const beat = named(name, config);
  return {
    ...CELERY_SERVICE,
    ...beat,
    environment: { ...beat.environment, DJINIT_BEAT_LOCK: config.beatLock },
    celery: "beat",
    check: [...celeryCommand(config, args.globals), "report"],
    readiness: { kind: "file", prefix: scheduleFile(args), orAfterMs: SETTLED_AFTER_MS },
    argv: [
      ...celeryCommand(config, args.globals),
      "beat",
      ...defaults,
      ...logLevel(config),
      ...withFiles(args),
    ],
    reload: "restart",
    forwards: [],
  };
}

/** Any other celery command: `celery inspect ping`, `celery flower`… */
export function celeryArgv(config: Config, { globals, subcommand, rest }: CeleryArgs): string[] {
  return [...celeryCommand(config, globals), ...(subcommand === undefined ? [] : [subcommand]), ...rest];
}

/** Celery 5 accepts --app only before the subcommand. A CMD with --app gets no second one. */
function celeryCommand(config: Config, globals: readonly string[]): string[] {
  const command = ["celery"];
  if (config.celeryApp !== undefined && !namesApp(globals)) command.push("--app", config.celeryApp);
  return [...command, ...globals];
}

/**
 * CELERY_BROKER without `--broker`, which would show the URL in the list of processes. celery's own option sets the same
 * variable, which wins over the application's configuration. Projects have variables of that name
 * too, whose value may be a mere host.
 */
export function brokerOf({ celeryBroker }: Config): Record<string, string> {
  return celeryBroker?.includes("://") ? { CELERY_BROKER_URL: celeryBroker } : {};
}

/** Whether the arguments before the subcommand say which application it is. */
export function namesApp(globals: readonly string[]): boolean {
  return globals.some((word) => /^(-A|--app\b|--config\b)/.test(word));
}

/** Several workers in one container need names of their own: celery tells them apart by nothing else. */
function nodeName(name: string | undefined, { rest }: CeleryArgs): string[] {
  return name === undefined || optionValue(rest, "-n", "--hostname") !== undefined
    ? []
    : ["--hostname", `${name}@%h`];
}

/** Whether tasks run in processes of their own. Only then does QUIT give tasks back. */
function hasPool(args: readonly string[]): boolean {
  return /^(prefork|processes)$/.test(optionValue(args, "-P", "--pool") ?? "prefork");
}

/**
 * The most seconds that celery's soft shutdown may sleep, if its tasks are to be given back before the kill: after the last call,
 * and where a stop begins with it (a stop signal of its own, or REMAP_SIGTERM).
 */
function softShutdownLimits({ gracePeriodMs }: Config): string {
  const limits = [gracePeriodMs * LEAST_PART_BEFORE_LAST_CALL, 0].map((before) =>
    Math.max(0, (gracePeriodMs - before - COLD_SHUTDOWN_MS) / 1000),
  );
  return limits.join(" ");
}

/** Whether lines of level INFO reach djinit. */
function tellsReadiness(config: Config, { rest }: CeleryArgs): boolean {
  const given = optionValue(rest, "-l", "--loglevel") ?? config.celeryLogLevel ?? "INFO";
  return /^(info|debug)$/i.test(given) && optionValue(rest, "-f", "--logfile") === undefined;
}

function logLevel(config: Config): string[] {
  return ["--loglevel", config.celeryLogLevel ?? "INFO"];
}
