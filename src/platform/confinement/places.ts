// Whether what is served still lies where it did: a rule is about the directory that was there, not about its name.
import { statSync } from "node:fs";

/** Each path → which file or directory it is. What is not there is left out. */
export type Places = ReadonlyMap<string, string>;

export function placesOf(paths: readonly string[]): Places {
  const found = new Map<string, string>();
  // What lies below another place is reached by that one.
  const directories = paths.map((path) => (path.endsWith("/") ? path : `${path}/`));
  for (const path of paths) {
    if (directories.some((directory) => path.startsWith(directory) && path !== directory)) continue;
    try {
      const { dev, ino } = statSync(path);
      found.set(path, `${dev}:${ino}`);
    } catch {
      // It is not there, or not to be seen by PID 1.
    }
  }
  return found;
}

/** Whether something has come, or has taken the place of what was there. What is gone is missed by nobody. */
export function haveMoved(before: Places, now: Places): boolean {
  return [...now].some(([path, which]) => before.get(path) !== which);
}
