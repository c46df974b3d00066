// The first steps of the first life: those that need no library of the boot, so that gunicorn loads itself while these are
// being loaded.
import { type Loaded, loadConfig } from "../config/load.ts";
import { refuseProblems } from "../config/problem.ts";
import { planBoot } from "../plan/boot-steps.ts";
import { buildPlan, findProblems } from "../plan/build-plan.ts";
import { forApplication } from "../plan/environment.ts";
import type { BootPlan, Plan } from "../plan/plan.ts";
import { type Invocation, readCommand } from "../plan/role.ts";
import { requireBootCapabilities } from "../platform/credentials.ts";
import { takeGivenEnvironment, workingDirectory } from "../platform/given-environment.ts";
import { requireCeleryCommand, requireCommands, requireUsers } from "./commands.ts";
import { findAppDirectoryProblems } from "./files/app-directory.ts";
import { makeRuntimeDirectories } from "./files/runtime-directories.ts";
import type { Place } from "./first-djinit.ts";
import { type EarlyService, startEarly } from "./gunicorn/early.ts";
import { gunicornFile, hasProjectFile } from "./gunicorn/file.ts";
import { openApplicationSocket } from "./gunicorn/socket.ts";
import { findUrlProblems } from "./postgres/database-url.ts";

/** What stands when the libraries have been loaded. */
export interface Beginning {
  /** Whether the container is this djinit's: beside another one nothing under /run may be touched. */
  place: Place;
  isRoot: boolean;
  steps: BootPlan;
  /** Where nothing is known yet that has to be found out. */
  outline: Plan;
  /** The socket between nginx and gunicorn, where PID 1 holds it. */
  socketFd: number | undefined;
  gunicorn: EarlyService | undefined;
}

export interface Begun {
  invocation: Invocation;
  loaded: Loaded;
  /** Failed: something is wrong with the CMD, the variables or the container. Nothing has been started then. */
  outcome: { beginning: Beginning } | { failure: unknown };
}

/** `argv` is the image's CMD, or that of a release beside another djinit. */
export function begin(argv: string[], place: Place): Begun {
  const invocation = readCommand(argv);
  const loaded = loadConfig(takeGivenEnvironment(), workingDirectory());
  try {
    return { invocation, loaded, outcome: { beginning: makeReady(invocation, loaded, place) } };
  } catch (failure) {
    // There is no log yet.
    return { invocation, loaded, outcome: { failure } };
  }
}

function makeReady(
  invocation: Invocation,
  { config, environment, problems, sources }: Loaded,
  place: Place,
): Beginning {
  const found = findProblems(invocation, config, hasProjectFile(config.appDirectory));
  const isRoot = process.getuid?.() === 0;
  const places = findAppDirectoryProblems(config, isRoot);
  refuseProblems([...problems, ...places, ...findUrlProblems(config), ...found]);
  const steps = planBoot(invocation, config);
  const planWith = (socketFd?: number): Plan =>
    buildPlan(invocation, config, isRoot, {
      sources,
      gunicorn: { socketFd, settles: gunicornFile("settles") },
    });
  const services = planWith();
  requireUsers(services);
  requireCommands(services, environment);
  requireCeleryCommand(invocation);
  if (isRoot) requireBootCapabilities();
  if (place.isFirst) makeRuntimeDirectories(isRoot);
  const socketFd = steps.nginx ? openApplicationSocket(invocation.args, config, isRoot) : undefined;
  const outline = planWith(socketFd);
  return {
    place,
    isRoot,
    steps,
    outline,
    socketFd,
    gunicorn: startGunicorn(outline, forApplication(environment, outline.bootOnly)),
  };
}

/** Only with the usual socket, and a file that waits. */
function startGunicorn({ services }: Plan, environment: NodeJS.ProcessEnv): EarlyService | undefined {
  const gunicorn = services.find(({ sockets }) => sockets?.variable === "DJINIT_LISTEN_FDS");
  return gunicorn !== undefined && gunicornFile("waits") ? startEarly(gunicorn, environment) : undefined;
}
