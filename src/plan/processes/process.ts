// The generic service of the project's own: a process that PID 1 keeps running.
import type { Config } from "../../config/variables.ts";
import { identityOf } from "../environment.ts";
import { DJANGO_USER } from "../paths.ts";
import type { HealthPlan, Readiness, ServicePlan } from "../plan.ts";

export interface ProcessDescription {
  /** The service's, which records, metrics and verbs show. */
  name: string;
  argv: string[];
  /** How it is asked to finish its work and end; default: TERM. */
  stopSignal?: NodeJS.Signals;
  /** A shell runs several programs: all of them get the signals of a stop, not the shell alone. */
  signalsGroup?: boolean;
  /** So long before the kill, a stop that takes too long sends this. */
  lastCall?: ServicePlan["lastCall"];
  /** By what it is ready; default: its health, or that it has lived for a moment. */
  readiness?: Readiness | undefined;
  health?: HealthPlan | undefined;
  /** Variables of its own, which win. */
  environment?: Record<string, string>;
  /** Signals to PID 1 that are for it. */
  forwards?: NodeJS.Signals[];
}

/** A process that cannot load the project ends within this time, mostly. */
const SETTLED_AFTER_MS = 2_000;
/** Arguments that argparse, click or the shell do not understand. */
const USAGE_ERROR = 2;
/** A shell's statuses for a program that cannot be executed, and for one that is not there. */
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

export function planProcess(
  {
    name,
    argv,
    stopSignal = "SIGTERM",
    signalsGroup,
    lastCall,
    health,
    readiness = health === undefined ? { kind: "settled", afterMs: SETTLED_AFTER_MS } : { kind: "health" },
    environment,
    forwards = [],
  }: ProcessDescription,
  config: Config,
): ServicePlan {
  return {
    name,
    argv,
    cwd: config.appDirectory,
    user: DJANGO_USER,
    environment: { ...identityOf(DJANGO_USER), ...environment },
    facesClients: false,
    after: [],
    readiness,
    ...(health === undefined ? {} : { health }),
    restart: "always",
    stopSignal,
    fastStopSignal: "SIGQUIT",
    ...(signalsGroup ? { signalsGroup } : {}),
    ...(lastCall === undefined ? {} : { lastCall }),
    reload: "restart",
    readsEnvironment: true,
    forwards,
    fatalStatuses: [USAGE_ERROR, NOT_EXECUTABLE, NOT_FOUND],
    output: "relay",
  };
}
