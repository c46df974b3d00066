import { lstatSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { listNames } from "../../base/untrusted-file.ts";

/** The application owns the directory: a million names in it must not keep PID 1 busy. */
const MOST_NAMES = 10_000;

/** When the newest file whose path begins with `prefix` was written; 0 if there is none. */
export function lastWrittenMs(prefix: string): number {
  try {
    const directory = dirname(prefix);
    const names = listNames(directory, MOST_NAMES).filter((name) => name.startsWith(basename(prefix)));
    return Math.max(0, ...names.map((name) => lstatSync(join(directory, name)).mtimeMs));
  } catch {
    return 0;
  }
}
