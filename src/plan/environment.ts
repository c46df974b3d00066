// What processes find in their environment.
import type { FileSources } from "../config/file-variables.ts";
import { HOME_DIRECTORY } from "./paths.ts";
import type { ServicePlan } from "./plan.ts";

/** djinit's own, but what Kubernetes sets for a Service that is called djinit. */
const OWN = /^DJINIT_(?!(SERVICE|PORT)(_|$))/;

/**
 * What services and steps get: the container's variables, with what files add, but neither djinit's own nor those that are
 * for the boot only.
 */
export function forApplication(
  environment: NodeJS.ProcessEnv,
  bootOnly: readonly string[],
): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !OWN.test(name) && !isNamed(name, bootOnly));
  return Object.fromEntries(kept);
}

/** The files that concern services. Those of the boot's secrets may well be unreadable without root. */
export function withoutBootFiles(sources: FileSources, bootOnly: readonly string[]): FileSources {
  const files = Object.entries(sources.secretFiles).filter(([name]) => !isNamed(name, bootOnly));
  return {
    ...sources,
    secretFiles: Object.fromEntries(files),
    secretNames: sources.secretNames.filter((name) => !isNamed(name, bootOnly)),
  };
}

/** `NAME` stands for NAME_FILE too, `NAME_*` for all that begin so. */
export function isNamed(name: string, names: readonly string[]): boolean {
  return names.some((it) =>
    it.endsWith("*") ? name.startsWith(it.slice(0, -1)) : name === it || name === `${it}_FILE`,
  );
}

/** Tells djinit_django that what it writes is read by djinit: then it writes records. */
export const RELAYED = { DJINIT_RELAYED: "1" };

/** What a service gets: the services' common environment, as far as it is for this one, and what is its own. */
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

/** Root's HOME is no place for another user's files. */
export function identityOf(user: string): Record<string, string> {
  return { HOME: HOMES[user] ?? "/nonexistent", USER: user, LOGNAME: user };
}

/** Where nobody becomes another user, a service has the identity of the container's. */
export function withoutIdentity(environment: Record<string, string>): Record<string, string> {
  const { HOME: _home, USER: _user, LOGNAME: _name, ...rest } = environment;
  return rest;
}
