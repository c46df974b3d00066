// Whether a directory that the settings name may be given to everybody who asks, or to the application.
import { lstatSync, realpathSync } from "node:fs";
import { join } from "node:path";

/** The system's, with all that is in them; `/run` has secrets of the engine's. */
const SYSTEM = [
  "/bin",
  "/boot",
  "/dev",
  "/etc",
  "/lib",
  "/lib64",
  "/proc",
  "/root",
  "/run",
  "/sbin",
  "/sys",
  "/var/lib/djinit",
  "/var/run",
];
/** The system's, though some directory in them may well be the project's. */
const SHARED = [
  "/",
  "/home",
  "/opt",
  "/tmp",
  "/usr",
  "/usr/local",
  "/usr/src",
  "/var",
  "/var/lib",
  "/var/log",
];
/** What tells a project's code from files that are for everybody. */
const CODE = [
  "manage.py",
  "settings.py",
  "settings/__init__.py",
  "wsgi.py",
  "asgi.py",
  ".git",
  "pyproject.toml",
];

/** Why nobody but its owner may have a directory as a whole, wherever links lead; undefined: no reason. */
export function refusal(directory: string, application: string): string | undefined {
  const real = realPathOf(directory);
  for (const path of [directory, real]) {
    if (isWithin(application, path)) return `which holds the application's directory ${application}`;
    if (SHARED.includes(path) || SYSTEM.some((system) => isWithin(path, system)))
      return "which is the system's";
  }
  const code = CODE.find((name) => isThere(join(real, name)));
  return code === undefined ? undefined : `which holds ${code}`;
}

/** Not below a file, nor where it cannot be looked for. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || directory === "/" || path.startsWith(`${directory}/`);
}

/** Of what is not there: as it was given. */
function realPathOf(directory: string): string {
  try {
    return realpathSync(directory);
  } catch {
    return directory;
  }
}
