import type { Config } from "../config/variables.ts";
import { identityOf } from "./environment.ts";
import { CELERY_DIRECTORY, DJANGO_USER } from "./paths.ts";
import type { ServicePlan } from "./plan.ts";
import type { CeleryWords } from "./role.ts";

const NOTHING_GIVEN: CeleryWords = { globals: [], subcommand: undefined, rest: [] };
/** click's status for words it does not understand. */
const USAGE_ERROR = 2;

/** Words or an application that celery does not accept end it well before. */
const SETTLED_AFTER_MS = 5_000;

const CELERY_SERVICE = {
  cwd: CELERY_DIRECTORY,
  user: DJANGO_USER,
  environment: identityOf(DJANGO_USER),
  after: [],
  readiness: { kind: "settled", afterMs: SETTLED_AFTER_MS },
  restart: "always",
  stopSignal: "SIGTERM", // to the main PID only: its pool must live to finish the tasks
  fastStopSignal: "SIGQUIT",
  fatalStatuses: [USAGE_ERROR],
  output: "relay",
} satisfies Omit<ServicePlan, "name" | "argv" | "reload" | "forwards">;

/** A worker; `beside` web it shares the container, so that it runs its tasks in its own process. */
export function planCeleryWorker(
  config: Config,
  words: CeleryWords = NOTHING_GIVEN,
  beside = false,
): ServicePlan {
  const defaults = beside ? ["--pool=solo", "--pidfile", "worker.pid"] : [];
  const concurrency = ["--concurrency", String(config.celeryConcurrency ?? 1)];
  return {
    ...CELERY_SERVICE,
    name: "celery-worker",
    argv: [
      ...celeryCommand(config, words.globals),
      "worker",
      ...defaults,
      ...concurrency,
      ...logLevel(config),
      ...words.rest,
    ],
    reload: "restart",
    forwards: beside ? [] : ["SIGUSR1", "SIGUSR2"],
  };
}

export function planCeleryBeat(
  config: Config,
  words: CeleryWords = NOTHING_GIVEN,
  beside = false,
): ServicePlan {
  const defaults = beside ? ["--pidfile", "beat.pid"] : [];
  return {
    ...CELERY_SERVICE,
    name: "celery-beat",
    argv: [...celeryCommand(config, words.globals), "beat", ...defaults, ...logLevel(config), ...words.rest],
    reload: "restart",
    forwards: [],
  };
}

/** Any other celery command: `celery inspect ping`, `celery flower`… */
export function celeryWords(config: Config, { globals, subcommand, rest }: CeleryWords): string[] {
  return [...celeryCommand(config, globals), ...(subcommand === undefined ? [] : [subcommand]), ...rest];
}

/** Celery 5 takes --app and --broker before the subcommand only. What the CMD says itself is not said twice. */
function celeryCommand(config: Config, globals: readonly string[]): string[] {
  const command = ["celery"];
  if (config.celeryApp !== undefined && !namesApp(globals)) command.push("--app", config.celeryApp);
  if (config.celeryBroker !== undefined) command.push("--broker", config.celeryBroker);
  return [...command, ...globals];
}

/** Whether the words before the subcommand say which application it is. */
export function namesApp(globals: readonly string[]): boolean {
  return globals.some((word) => /^(-A|--app\b|--config\b)/.test(word));
}

function logLevel(config: Config): string[] {
  return ["--loglevel", config.celeryLogLevel ?? "INFO"];
}
