// Config + CMD → what to do. Pure.

import type { Problem } from "../config/problem.ts";
import type { FileSources } from "../config/sources/sources.ts";
import { BOOT_ONLY, type Config } from "../config/variables.ts";
import { planAdmin } from "./admin.ts";
import { planBoot } from "./boot-steps.ts";
import { namesApp, planCeleryBeat, planCeleryWorker } from "./celery.ts";
import { planCommand } from "./command.ts";
import { allowCoreFiles } from "./confinement/core-files.ts";
import { confineService } from "./confinement/writes.ts";
import { findDaemonProblems } from "./daemon-options.ts";
import { withoutBootFiles, withoutIdentity } from "./environment.ts";
import { type GunicornFacts, planGunicorn } from "./gunicorn.ts";
import { planNginx } from "./nginx.ts";
import { RUN_DIRECTORY, SUPERVISOR_USER } from "./paths.ts";
import type { LogPlan, Plan, Role, ServicePlan } from "./plan.ts";
import { planBeside, planNamed } from "./processes/services.ts";
import { withStacks } from "./processes/stacks.ts";
import { planTasksWorker } from "./processes/tasks.ts";
import { findLoneWords } from "./requests/lone-words.ts";
import type { BesideProcess, Invocation } from "./role.ts";
import { applicationReadiness } from "./servers/application.ts";
import { namesApplication, planWebServer } from "./servers/plan-web-server.ts";
import { guessApplication } from "./words/guess-application.ts";
import { importsSettings } from "./words/wrappers.ts";

/** What the project's files say of what variables may leave out. */
export interface ProjectFacts {
  /** A gunicorn.conf.py of the project's may name the application. */
  hasGunicornFile: boolean;
  /** By its manage.py. */
  settingsModule: string | undefined;
}

/** What this combination of CMD and variables lacks. */
export function findProblems(
  invocation: Invocation,
  config: Config,
  { hasGunicornFile, settingsModule }: Partial<ProjectFacts> = {},
): Problem[] {
  const isNginx = invocation.half === "nginx";
  const problems = [
    ...findDaemonProblems(invocation, config),
    ...(invocation.beside ?? []).flatMap((it) => findBesideProblems(it, config)),
  ];
  const beside = (
    [
      ["CELERY_WORKER", config.celeryWorker],
      ["CELERY_BEAT", config.celeryBeat],
    ] as const
  )
    .filter(([, on]) => on)
    .map(([name]) => name);
  const wanted = invocation.role === "web" && !isNginx ? beside : [];
  if (wanted.length > 0 && config.celeryApp === undefined) {
    const problem = `${wanted.join(" and ")} ${wanted.length === 1 ? "is" : "are"} set but CELERY_APP is not: set it to the module of the Celery application`;
    problems.push({ variable: "CELERY_APP", problem });
  }
  if ((invocation.role === "worker" || invocation.role === "beat") && lacksApp(invocation, config)) {
    const problem = `CELERY_APP is not set and the CMD has no --app: set one to the module of the Celery application`;
    problems.push({ variable: "CELERY_APP", problem });
  }
  const mayNameIt = hasGunicornFile === true && invocation.server === undefined;
  if (invocation.role === "web" && !isNginx && !mayNameIt && lacksApplication(invocation, config)) {
    const server = invocation.server === undefined ? "" : `"${invocation.server}", `;
    const problem = `no application is named: give it as CMD, for instance CMD [${server}"${guessApplication(config, invocation.server)}"]`;
    problems.push({ variable: "CMD", problem });
  }
  if (config.drainDelayMs >= config.gracePeriodMs) {
    const [delay, grace] = [config.drainDelayMs / 1000, config.gracePeriodMs / 1000];
    const problem = `DJINIT_DRAIN_DELAY is ${delay} s, but DJINIT_GRACE_PERIOD, which includes it, is ${grace} s: nothing could drain; lower the one or raise the other`;
    problems.push({ variable: "DJINIT_DRAIN_DELAY", value: String(delay), problem });
  }
  problems.push(...findLoneWords(config, invocation.role));
  const django = planBoot(invocation, config).steps.filter((step) => step !== "wait-for-database");
  const needers = [
    ...django,
    ...(hasTasksWorker(invocation, config) ? ["the worker of Django's tasks"] : []),
  ];
  if (needers.length > 0 && config.settingsModule === undefined) {
    const meant =
      settingsModule === undefined
        ? "the module of the settings, such as project.settings"
        : `${settingsModule}, as manage.py does`;
    const problem = `DJANGO_SETTINGS_MODULE is not set, but ${needers.join(", ")} ${needers.length === 1 ? "needs" : "need"} it: set it to ${meant}`;
    problems.push({ variable: "DJANGO_SETTINGS_MODULE", problem });
  }
  return problems;
}

function hasTasksWorker({ half, role }: Invocation, config: Config): boolean {
  return role === "tasks" || (role === "web" && half !== "nginx" && config.tasksWorker);
}

function findBesideProblems({ name, invocation }: BesideProcess, config: Config): Problem[] {
  const daemons = findDaemonProblems(invocation, config).map(({ problem, ...rest }) => {
    return { ...rest, variable: "Procfile", problem: problem.replace(/^CMD/, `the Procfile's ${name}`) };
  });
  const isCelery = invocation.role === "worker" || invocation.role === "beat";
  if (!isCelery || !lacksApp(invocation, config)) return daemons;
  const problem = `CELERY_APP is not set and the Procfile's ${name} has no --app: set one to the module of the Celery application`;
  return [...daemons, { variable: "CELERY_APP", problem }];
}

function lacksApp({ celery }: Invocation, config: Config): boolean {
  return config.celeryApp === undefined && !namesApp(celery?.globals ?? []);
}

/** True only if nothing at all is given: gunicorn may find its application in arguments or in a file of the user's. */
function lacksApplication({ args, server }: Invocation, config: Config): boolean {
  if (server !== undefined) return !namesApplication({ args, server }, config);
  return args.length === 0 && config.appModule === undefined && config.gunicornArguments === undefined;
}

/** What is known before the boot has done anything. */
export interface DraftFacts {
  startedAsRoot: boolean;
  /** Without root, the user that everything runs as. */
  uid?: number;
  sources: FileSources;
  /** For web: gunicorn's file reads the project's own. */
  gunicornSettles?: boolean;
}

/** The services and deadlines. For web the boot completes it with what it finds out and opens (complete-plan.ts). */
export function draftPlan(
  invocation: Invocation,
  config: Config,
  { startedAsRoot, uid, sources, gunicornSettles = true }: DraftFacts,
): Plan {
  const answering = planAnswering(invocation, config, { startedAsRoot, uid });
  const { admin } = answering;
  const services = planServices(invocation, config, { settles: gunicornSettles, admin }).map((service) =>
    allowCoreFiles(confineService(withStacks(service), config), config.coreFiles),
  );
  const bootOnly = bootOnlyFor(invocation.role);
  return {
    role: invocation.role,
    ...answering,
    // Without root djinit cannot change users: every service runs as the user of the container.
    services: startedAsRoot ? services : services.map(asItIs),
    gracePeriodMs: config.gracePeriodMs,
    drainDelayMs: config.drainDelayMs,
    startupTimeoutMs: config.startupTimeoutMs,
    maxRestarts: config.maxRestarts,
    ...(config.memoryGuard === "off" ? {} : { memoryGuard: config.memoryGuard }),
    logs: planLogs(config),
    sources: withoutBootFiles(sources, bootOnly),
    bootOnly,
  };
}

/** What answers verbs and probes: it may be asked before the rest can be planned. */
export type AnsweringPlan = Pick<Plan, "admin" | "note" | "run" | "supervisorUser">;

export function planAnswering(
  invocation: Invocation,
  config: Config,
  { startedAsRoot, uid }: { startedAsRoot: boolean; uid?: number | undefined },
): AnsweringPlan {
  const keepsRoot = invocation.role === "command" && config.commandUser === "root";
  return {
    run: RUN_DIRECTORY,
    admin: planAdmin(invocation, config),
    ...withNote(invocation, startedAsRoot ? undefined : uid),
    ...(startedAsRoot && !keepsRoot ? { supervisorUser: SUPERVISOR_USER } : {}),
  };
}

/** Variables that the services of a role do not get. A command may be `createsuperuser`, which reads DJANGO_SUPERUSER_*. */
export function bootOnlyFor(role: Invocation["role"]): string[] {
  return BOOT_ONLY.filter((name) => role !== "command" || !name.startsWith("DJANGO_"));
}

/** What one user for everything means, in a role that has processes to keep apart. */
const CONSEQUENCES: Partial<Record<Role, string>> = {
  web: "nginx can read gunicorn's environment, and the application may use djinit's control socket",
  worker: "the application may use djinit's control socket",
  beat: "the application may use djinit's control socket",
  process: "the application may use djinit's control socket",
  tasks: "the application may use djinit's control socket",
};

function withNote({ half, role }: Invocation, uid: number | undefined): Pick<Plan, "note"> {
  // nginx has no application beside it.
  if (half === "nginx") return {};
  const consequences = CONSEQUENCES[half === undefined ? role : "worker"];
  if (uid === undefined || consequences === undefined) return {};
  return { note: `everything runs as user ${uid}: ${consequences}; a start as root keeps them apart` };
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

function planServices(invocation: Invocation, config: Config, gunicorn: GunicornFacts): ServicePlan[] {
  switch (invocation.role) {
    case "worker":
    case "beat":
    case "tasks":
    case "process":
      return [planNamed(invocation, config)];
    case "release":
      return [];
    case "command":
      return [planCommand(invocation, config)];
    case "web":
      if (invocation.half === "nginx")
        return [{ ...planNginx(undefined, config), after: [], behind: applicationReadiness(config) }];
      return [
        planApplication(invocation, config, gunicorn),
        ...(invocation.half === undefined ? [planNginx(invocation.server, config)] : []),
        ...(config.celeryWorker ? [planCeleryWorker(config, undefined, true)] : []),
        ...(config.celeryBeat ? [planCeleryBeat(config, undefined, true)] : []),
        ...(config.tasksWorker ? [planTasksWorker(config)] : []),
        ...planBeside(invocation, config),
      ];
  }
}

function planApplication(invocation: Invocation, config: Config, gunicorn: GunicornFacts): ServicePlan {
  const { args, server, wrapper = [] } = invocation;
  const plan =
    server === undefined ? planGunicorn(args, config, gunicorn) : planWebServer(server, args, config);
  const reload = importsSettings(wrapper) ? { reload: "restart" as const } : {};
  return { ...plan, ...reload, argv: [...wrapper, ...plan.argv] };
}
