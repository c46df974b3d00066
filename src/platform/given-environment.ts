// The container's environment is the application's. djinit's own processes have another one: docker/preload/djinit.c has
// renamed each variable of the container, and what is started for the application is given them in the same form.
import { OWN_PATH, PROGRAMS } from "../base/programs.ts";

/** Before the name of a variable that is not for the process that has it: docker/preload/*.c have the same. */
const ASIDE = "~";

/**
 * What djinit's own work in this process goes by: how Postgres is reached, how names are looked up, whether there are colours.
 * No process is started with it.
 */
const ALSO_OURS = /^(PG[A-Z]+|HOME|USER|RES_OPTIONS|LOCALDOMAIN|NO_COLOR)$/;

/** The container's variables, under their own names. To be called once. */
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

/** The container's, where this process has been started in it. One that has been taken away counts as none. */
export function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return "/";
  }
}

/** The environment in the form in which PROGRAMS.startService takes it, which means nothing to what is run before that. */
export function setAside(environment: NodeJS.ProcessEnv): Record<string, string> {
  const renamed: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined) renamed[`${ASIDE}${name}`] = value;
  return renamed;
}

/** Of djinit's second life. */
export function ownEnvironment(): Record<string, string> {
  const { NO_COLOR } = process.env;
  const colour = NO_COLOR === undefined ? {} : { NO_COLOR };
  return { PATH: OWN_PATH, LD_PRELOAD: PROGRAMS.keepSignals, ...colour };
}
