// gunicorn's file may be one of the user's own, in the place of the image's.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readUntrusted } from "../../base/untrusted-file.ts";
import { GUNICORN_CONFIG } from "../../plan/paths.ts";

/** What a file says that does a thing for djinit, a copy that has been added to included. */
const SIGNS = {
  /** Takes the socket that PID 1 holds. */
  takesSocket: /\bDJINIT_LISTEN_FDS\b/,
  /** Waits with the application. One that does not would load it at once. */
  waits: /\bdjinit_gate\b/,
  /** Reads the project's own file, and keeps what djinit depends on in force over it and over the command line. */
  settles: /\bdjinit_gunicorn\b/,
};

/** Kubernetes lays it there as a link. */
const RULES = { mostBytes: 1024 * 1024, followsLinks: true };

/** Whether the file does it. */
export function gunicornFile(sign: keyof typeof SIGNS): boolean {
  try {
    return SIGNS[sign].test(readUntrusted(GUNICORN_CONFIG, RULES).toString("utf8"));
  } catch {
    // gunicorn will say what is wrong with it.
    return false;
  }
}

/** Whether the project has a file of its own where gunicorn looks for one. It may name the application. */
export function hasProjectFile(appDirectory: string): boolean {
  return existsSync(join(appDirectory, "gunicorn.conf.py"));
}
