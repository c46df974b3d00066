// What processes find in their environment.
import type { FileSources } from "../config/file-variables.ts";
import type { ServicePlan } from "./plan.ts";

/** What the image's wrapper has set aside, since it is for the application and not for PID 1. */
const SAVED = /^DJINIT_SAVED_(NODE_OPTIONS|LD_PRELOAD)$/;

/** Reach processes of the boot only. */
const BOOT_SECRETS = [
  "SUPERUSER_PASSWORD",
  "SUPERUSER_PASSWORD_FILE",
  "DJANGO_SUPERUSER_PASSWORD",
  "MIGRATIONS_DATABASE_URL",
  "MIGRATIONS_DATABASE_URL_FILE",
];

/** What the second life of PID 1 gets: everything but the secrets of the boot. */
export function withoutBootSecrets(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = { ...environment };
  for (const name of BOOT_SECRETS) delete kept[name];
  return kept;
}

/** The files that concern services. Those of the boot's secrets may well be unreadable without root. */
export function withoutBootFiles(sources: FileSources): FileSources {
  const isKept = (name: string): boolean => !BOOT_SECRETS.includes(name);
  const files = Object.entries(sources.secretFiles).filter(([name]) => isKept(name));
  return {
    ...sources,
    secretFiles: Object.fromEntries(files),
    secretNames: sources.secretNames.filter(isKept),
  };
}

/** What services and steps get: PID 1's environment as the user wrote it. */
export function forApplication(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const restored = Object.entries(environment).map(([name, value]) => [SAVED.exec(name)?.[1] ?? name, value]);
  return Object.fromEntries(restored) as NodeJS.ProcessEnv;
}

/** Tells djinit_django that what it writes is read by djinit: then it writes records. */
export const RELAYED = { DJINIT_RELAYED: "1" };

/** What a service gets: the services' common environment, and what is its own. */
export function ofService(
  { user, environment: own, output }: Pick<ServicePlan, "user" | "environment" | "output">,
  common: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const identity = user === undefined ? NO_IDENTITY : {};
  const more = Object.entries(own).filter(([name]) => !(name in identity));
  return { ...common, ...Object.fromEntries(more), ...(output === "relay" ? RELAYED : {}) };
}

/** Whoever the container was started as stays who it is. */
const NO_IDENTITY = { HOME: "", USER: "", LOGNAME: "" };

const HOMES: Record<string, string> = { django: "/run/django", root: "/root" };

/** Root's HOME is no place for another user's files. */
export function identityOf(user: string): Record<string, string> {
  return { HOME: HOMES[user] ?? "/nonexistent", USER: user, LOGNAME: user };
}
