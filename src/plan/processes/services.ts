// The services of entries of the Procfile.
import { resolve } from "node:path";
import type { Config } from "../../config/variables.ts";
import { brokerOf, celeryArgv, planCeleryBeat, planCeleryWorker } from "../celery.ts";
import { CELERY_DIRECTORY } from "../paths.ts";
import type { Readiness, ServicePlan } from "../plan.ts";
import type { Invocation } from "../role.ts";
import type { Surroundings } from "../words/celery-line.ts";
import { serviceNames } from "./group.ts";
import { planHealth, suffixOf } from "./health.ts";
import { planProcess } from "./process.ts";
import { planTasksWorker } from "./tasks.ts";

const FLOWER_SETTLES_MS = 20_000;

/** The signals to PID 1 that are for a container's only process, as they are for a celery worker. */
const FORWARDED: NodeJS.Signals[] = ["SIGUSR1", "SIGUSR2"];

/** Beside web: each as often as it is wanted. */
export function planBeside({ beside = [] }: Invocation, config: Config): ServicePlan[] {
  return beside.flatMap(({ name, count, invocation }) =>
    serviceNames(name, count).map((service) => {
      const { forwards: _, ...plan } = planNamed({ ...invocation, name: service }, config, name);
      return { ...plan, forwards: [] };
    }),
  );
}

/** `process` is the entry's name, of which there may be several services. Without one it is a role of djinit's own. */
export function planNamed(
  invocation: Invocation,
  config: Config,
  process = invocation.name ?? "",
): ServicePlan {
  const plan = surrounded(planRole(invocation, config, process), invocation.celery?.surroundings);
  const stopSignal = config.stopSignals[suffixOf(process)];
  if (stopSignal === undefined) return plan;
  // To a worker of celery's it is what REMAP_SIGTERM makes of TERM.
  const cold = stopSignal === plan.fastStopSignal ? { DJINIT_STOPS_COLD: "1" } : {};
  return { ...plan, stopSignal, environment: { ...plan.environment, ...cold } };
}

/** Where and how a line of the Procfile runs celery. */
function surrounded(plan: ServicePlan, surroundings: Surroundings | undefined): ServicePlan {
  if (surroundings === undefined) return plan;
  const { directory = "", variables, wrapper } = surroundings;
  return {
    ...plan,
    argv: [...wrapper, ...plan.argv],
    cwd: resolve(plan.cwd, directory),
    environment: { ...plan.environment, ...variables },
  };
}

function planRole(invocation: Invocation, config: Config, process: string): ServicePlan {
  const { role, name, args, celery, signalsGroup = false, stopSignal = "SIGTERM" } = invocation;
  const health = name === undefined ? undefined : planHealth(process, config);
  if (role === "worker") return withHealth(planCeleryWorker(config, celery, false, name), health);
  if (role === "beat") return withHealth(planCeleryBeat(config, celery, false, name), health);
  if (role === "tasks") return withHealth(planTasksWorker(config, args, name), health);
  const service = name ?? process;
  return planProcess(
    {
      name: service,
      argv: celery === undefined ? args : celeryArgv(config, celery),
      stopSignal,
      signalsGroup,
      health,
      readiness: health === undefined && celery?.subcommand === "flower" ? flowerIsReady(service) : undefined,
      environment: celery === undefined ? {} : brokerOf(config),
      forwards: FORWARDED,
    },
    config,
  );
}

/** It says so when it listens, some seconds after its start. It writes no file; its log may be turned off. */
function flowerIsReady(name: string): Readiness {
  const orFile = `${CELERY_DIRECTORY}/${name}.ready`;
  return { kind: "log", pattern: "^Visit me (at|via) ", orFile, orAfterMs: FLOWER_SETTLES_MS };
}

/** Their own reports tell when they are ready. */
function withHealth(plan: ServicePlan, health: ServicePlan["health"]): ServicePlan {
  return health === undefined ? plan : { ...plan, health };
}
