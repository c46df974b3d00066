// The user may replace the image's gunicorn file.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readUntrusted } from "../../base/untrusted-file.ts";
import { GUNICORN_CONFIG } from "../../plan/paths.ts";

/** Signs that a file does its part for djinit. An extended copy of the image's file has them too. */
const SIGNS = {
  /** Takes the socket that PID 1 holds. */
  takesSocket: /\bDJINIT_LISTEN_FDS\b/,
  /** Waits at the gate. Another file would load the application at once. */
  waits: /\bdjinit_gate\b/,
  /** Reads the project's own file, and keeps the settings that djinit depends on, whatever that file and the CMD say. */
  settles: /\bdjinit_gunicorn\b/,
  /** Tells who is held when it is a worker, and when it has loaded the application. */
  holds: /\bdjinit_hold\b/,
};

/** Kubernetes mounts it as a link. */
const RULES = { mostBytes: 1024 * 1024, followsLinks: true };

/** Whether gunicorn's file has the sign. */
export function gunicornFile(sign: keyof typeof SIGNS): boolean {
  try {
    return SIGNS[sign].test(readUntrusted(GUNICORN_CONFIG, RULES).toString("utf8"));
  } catch {
    // gunicorn will report the reason.
    return false;
  }
}

/** Whether the project has a file of its own where gunicorn looks for one. It may name the application. */
export function hasProjectFile(appDirectory: string): boolean {
  return existsSync(join(appDirectory, "gunicorn.conf.py"));
}
