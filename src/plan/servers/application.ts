// What all web servers have in common: who they run as, what tells that they are ready, how long a stop may take.
import type { Config } from "../../config/variables.ts";
import { identityOf } from "../environment.ts";
import { DJANGO_USER, GUNICORN_SOCKET, SHARED_SOCKET } from "../paths.ts";
import type { Readiness } from "../plan.ts";

/** What DEBUG allows without a word in ALLOWED_HOSTS. */
const USUAL_HOST = "localhost";

/** gunicorn's own default. */
export const GRACEFUL_TIMEOUT_MS = 30_000;

export function applicationReadiness({
  readinessHost,
  readinessPath,
  web,
}: Config): Extract<Readiness, { kind: "http" }> {
  return {
    kind: "http",
    socketPath: web === undefined ? GUNICORN_SOCKET : SHARED_SOCKET,
    host: readinessHost ?? USUAL_HOST,
    ...(readinessPath === undefined ? {} : { path: readinessPath }),
  };
}

export function applicationEnvironment(config: Config): Record<string, string> {
  return { ...identityOf(DJANGO_USER), ...urlPrefix(config) };
}

/** A longer grace period also gives the server longer to finish its requests. */
export function gracefulSeconds({ gracePeriodMs }: Config): number {
  return Math.ceil(Math.max(GRACEFUL_TIMEOUT_MS, gracePeriodMs) / 1000);
}

/** djinit's Python makes it the name of the script, which Django puts before its URLs. Without a word FORCE_SCRIPT_NAME is that. */
function urlPrefix({ urlPrefix: prefix }: Config): Record<string, string> {
  return prefix === undefined ? {} : { DJINIT_URL_PREFIX: prefix };
}
