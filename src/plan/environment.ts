// What processes find in their environment.
import { type FileSources, isNamed } from "../config/sources/sources.ts";
import { HOME_DIRECTORY } from "./paths.ts";
import type { ServicePlan } from "./plan.ts";

/** djinit's own variables. Kubernetes sets DJINIT_SERVICE_* and DJINIT_PORT* for a Service called djinit: those are not. */
const OWN = /^DJINIT_(?!(SERVICE|PORT)(_|$))/;

/** Services and steps get the container's variables and those of files, without djinit's own and the boot's secrets. */
export function forApplication(
  environment: NodeJS.ProcessEnv,
  bootOnly: readonly string[],
): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !OWN.test(name) && !isNamed(name, bootOnly));
  return Object.fromEntries(kept);
}

/** What is for the boot and djinit itself is not read again: no service gets it, and PID 1 is not to hold it. */
export function withoutBootFiles(sources: FileSources, bootOnly: readonly string[]): FileSources {
  const unset = [...sources.unset, ...bootOnly, "DJINIT_*"];
  const kept = (named: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(named).filter(([name]) => !isNamed(name, unset)));
  return {
    ...sources,
    own: sources.own.filter((name) => !isNamed(name, unset)),
    unset,
    origins: kept(sources.origins),
    taken: kept(sources.taken),
  };
}

/** Tells djinit_django that djinit reads its output. djinit_django then writes records. */
export const RELAYED = { DJINIT_RELAYED: "1" };

/** The environment of one service: the variables that it inherits of the common ones, and its own. */
export function ofService(
  { environment: own, inherits, output }: Pick<ServicePlan, "environment" | "inherits" | "output">,
  common: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  if (inherits === undefined) return { ...common, ...own, ...(output === "relay" ? RELAYED : {}) };
  return {
    ...Object.fromEntries(Object.entries(common).filter(([name]) => inherits.includes(name))),
    ...own,
  };
}

const HOMES: Record<string, string> = { django: HOME_DIRECTORY, root: "/root" };

/** Other users must not write to root's HOME. */
export function identityOf(user: string): Record<string, string> {
  return { HOME: HOMES[user] ?? "/nonexistent", USER: user, LOGNAME: user };
}

/** Without a change of user, a service keeps the identity of the container's user. */
export function withoutIdentity(environment: Record<string, string>): Record<string, string> {
  const { HOME: _home, USER: _user, LOGNAME: _name, ...rest } = environment;
  return rest;
}
