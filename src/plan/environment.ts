// What processes find in their environment.

/** Set by the image's wrapper: NODE_OPTIONS is for the application's own Node, not for PID 1. */
const SAVED_NODE_OPTIONS = "DJINIT_SAVED_NODE_OPTIONS";

/** Reaches one process of the boot only. */
const BOOT_SECRETS = ["SUPERUSER_PASSWORD", "SUPERUSER_PASSWORD_FILE", "DJANGO_SUPERUSER_PASSWORD"];

/** What the second life of PID 1 gets: everything but the secrets of the boot. */
export function withoutBootSecrets(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = { ...environment };
  for (const name of BOOT_SECRETS) delete kept[name];
  return kept;
}

/** What services and steps get: PID 1's environment as the user wrote it. */
export function forApplication(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { [SAVED_NODE_OPTIONS]: nodeOptions, ...kept } = environment;
  return nodeOptions === undefined ? kept : { ...kept, NODE_OPTIONS: nodeOptions };
}

const HOMES: Record<string, string> = { django: "/run/django", root: "/root" };

/** Root's HOME is no place for another user's files. */
export function identityOf(user: string): Record<string, string> {
  return { HOME: HOMES[user] ?? "/nonexistent", USER: user, LOGNAME: user };
}
