// The container's environment belongs to the application. In djinit's own processes, docker/preload/djinit.c has renamed
// each variable of the container. Programs for the application are given the variables in the same form.
import { OWN_PATH, PROGRAMS } from "../base/programs.ts";

/** The prefix of a variable that is not meant for the process itself: docker/preload/*.c have the same. */
const ASIDE = "~";

/**
 * Variables that djinit itself uses in this process: for Postgres, for name lookups, for colours.
 * No process is started with it.
 */
const ALSO_OURS = /^(PG[A-Z]+|HOME|USER|RES_OPTIONS|LOCALDOMAIN|NO_COLOR)$/;

/** The container's variables, under their own names. Call it once. */
export function takeGivenEnvironment(): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [renamed, value] of Object.entries(process.env)) {
    if (!renamed.startsWith(ASIDE) || value === undefined) continue;
    delete process.env[renamed];
    const name = renamed.slice(ASIDE.length);
    given[name] = value;
    if (ALSO_OURS.test(name)) process.env[name] = value;
  }
  return given;
}

/** The container's variables, if this process was started in the container. A removed variable counts as absent. */
export function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return "/";
  }
}

/** The environment in the form that PROGRAMS.startService takes. Programs that run before it do not see the variables. */
export function setAside(environment: NodeJS.ProcessEnv): Record<string, string> {
  const renamed: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined) renamed[`${ASIDE}${name}`] = value;
  return renamed;
}

/** The environment of djinit's second life. */
export function ownEnvironment(): Record<string, string> {
  const { NO_COLOR } = process.env;
  const colour = NO_COLOR === undefined ? {} : { NO_COLOR };
  return { PATH: OWN_PATH, LD_PRELOAD: PROGRAMS.keepSignals, ...colour };
}
