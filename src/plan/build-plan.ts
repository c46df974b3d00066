// Config + CMD → what to do. Pure: nothing is looked at but the arguments.
import type { FileSources } from "../config/file-variables.ts";
import type { Problem } from "../config/problem.ts";
import { BOOT_ONLY, type Config } from "../config/variables.ts";
import { planAdmin } from "./admin.ts";
import { planBoot } from "./boot-steps.ts";
import { namesApp, planCeleryBeat, planCeleryWorker } from "./celery.ts";
import { planCommand } from "./command.ts";
import { findDaemonProblems } from "./daemon-options.ts";
import { withoutBootFiles, withoutIdentity } from "./environment.ts";
import { type GunicornFacts, planGunicorn, portsVariable } from "./gunicorn.ts";
import { type NginxFacts, planNginx } from "./nginx.ts";
import { SUPERVISOR_USER } from "./paths.ts";
import type { LogPlan, Plan, ServicePlan } from "./plan.ts";
import type { Invocation } from "./role.ts";

/** What this combination of CMD and variables lacks; a gunicorn.conf.py of the project's may name the application. */
export function findProblems(invocation: Invocation, config: Config, hasGunicornFile = false): Problem[] {
  const problems = findDaemonProblems(invocation, config);
  const beside = (
    [
      ["CELERY_WORKER", config.celeryWorker],
      ["CELERY_BEAT", config.celeryBeat],
    ] as const
  )
    .filter(([, on]) => on)
    .map(([name]) => name);
  const wanted = invocation.role === "web" ? beside : [];
  if (wanted.length > 0 && config.celeryApp === undefined) {
    const problem = `${wanted.join(" and ")} is set but CELERY_APP is not: set it to the module of the Celery application`;
    problems.push({ variable: "CELERY_APP", problem });
  }
  if ((invocation.role === "worker" || invocation.role === "beat") && lacksApp(invocation, config)) {
    const problem = `CELERY_APP is not set and the CMD has no --app: set one to the module of the Celery application`;
    problems.push({ variable: "CELERY_APP", problem });
  }
  if (invocation.role === "web" && !hasGunicornFile && lacksApplication(invocation, config)) {
    const problem = `no application is named: give it as CMD, for instance CMD ["${guessApplication(config)}"]`;
    problems.push({ variable: "CMD", problem });
  }
  if (config.drainDelayMs >= config.gracePeriodMs) {
    const [delay, grace] = [config.drainDelayMs / 1000, config.gracePeriodMs / 1000];
    const problem = `DJINIT_DRAIN_DELAY is ${delay} s, but DJINIT_GRACE_PERIOD, which includes it, is ${grace} s: nothing could drain`;
    problems.push({ variable: "DJINIT_DRAIN_DELAY", value: String(delay), problem });
  }
  const django = planBoot(invocation, config).steps.filter((step) => step !== "wait-for-database");
  if (django.length > 0 && config.settingsModule === undefined) {
    const problem = `DJANGO_SETTINGS_MODULE is not set, but ${django.join(", ")} needs it`;
    problems.push({ variable: "DJANGO_SETTINGS_MODULE", problem });
  }
  return problems;
}

function lacksApp({ celery }: Invocation, config: Config): boolean {
  return config.celeryApp === undefined && !namesApp(celery?.globals ?? []);
}

/** Only where nothing at all is given: gunicorn may find its application in arguments or a file of the user's. */
function lacksApplication({ args }: Invocation, config: Config): boolean {
  return args.length === 0 && config.appModule === undefined && config.gunicornArguments === undefined;
}

function guessApplication({ settingsModule }: Config): string {
  return `${settingsModule?.split(".")[0] ?? "project"}.wsgi:application`;
}

/** What the boot has found out or made. */
export interface PlanFacts {
  sources: FileSources;
  /** For web: what nginx's files say. */
  nginx?: NginxFacts;
  /** For web. */
  gunicorn?: GunicornFacts;
}

/** The services and deadlines. */
export function buildPlan(
  invocation: Invocation,
  config: Config,
  startedAsRoot: boolean,
  facts: PlanFacts,
): Plan {
  const keepsRoot = invocation.role === "command" && config.commandUser === "root";
  const services = planServices(invocation, config, facts);
  const bootOnly = bootOnlyFor(invocation.role);
  return {
    role: invocation.role,
    // Without root there is nobody to become: every service runs as the user of the container.
    services: startedAsRoot ? services : services.map(asItIs),
    gracePeriodMs: config.gracePeriodMs,
    drainDelayMs: config.drainDelayMs,
    startupTimeoutMs: config.startupTimeoutMs,
    maxRestarts: config.maxRestarts,
    logs: planLogs(config),
    admin: planAdmin(invocation, config),
    sources: withoutBootFiles(facts.sources, bootOnly),
    bootOnly,
    ...(startedAsRoot && !keepsRoot ? { supervisorUser: SUPERVISOR_USER } : {}),
  };
}

/** Variables that the services of a role do not get. A command may well be `createsuperuser`, which reads Django's own. */
export function bootOnlyFor(role: Invocation["role"]): string[] {
  return BOOT_ONLY.filter((name) => role !== "command" || !name.startsWith("DJANGO_"));
}

function asItIs({ user: _, environment, ...service }: ServicePlan): ServicePlan {
  return { ...service, environment: withoutIdentity(environment) };
}

export function planLogs(config: Config): LogPlan {
  return {
    ...(config.logFormat === undefined ? {} : { format: config.logFormat }),
    levels: config.logLevels ?? {},
    skip: config.logSkip ?? [],
    accessFields: config.logAccessFields,
  };
}

function planServices(invocation: Invocation, config: Config, { nginx, gunicorn }: PlanFacts): ServicePlan[] {
  switch (invocation.role) {
    case "worker":
      return [planCeleryWorker(config, invocation.celery)];
    case "beat":
      return [planCeleryBeat(config, invocation.celery)];
    case "release":
      return [];
    case "command":
      return [planCommand(invocation, config)];
    case "web":
      return [
        planGunicorn(invocation.args, config, {
          ...gunicorn,
          ports: portsVariable(nginx?.listens ?? [], planAdmin(invocation, config)),
        }),
        ...(nginx === undefined ? [] : [planNginx(nginx)]),
        ...(config.celeryWorker ? [planCeleryWorker(config, undefined, true)] : []),
        ...(config.celeryBeat ? [planCeleryBeat(config, undefined, true)] : []),
      ];
  }
}
