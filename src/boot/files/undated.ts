// Whether files tell when they were changed. A builder that makes the same image twice gives all of them one time.
import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** kaniko and Bazel say 1970, buildpacks and zip 1980, npm 1985. Nobody's site is older. */
const NEVER_BEFORE_MS = Date.UTC(1990, 0);
/** They all have that time, or a file of the project's own has not. */
const SAMPLE = 100;
const MOST_DIRECTORIES = 100;

/** False where there is no file. */
export function isUndated(root: string): boolean {
  const waiting = [root];
  let files = 0;
  for (let at = 0; at < Math.min(waiting.length, MOST_DIRECTORIES) && files < SAMPLE; at += 1) {
    for (const entry of entriesOf(waiting[at] as string)) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      if (!entry.isFile()) continue;
      if ((lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) >= NEVER_BEFORE_MS) return false;
      files += 1;
    }
  }
  return files > 0;
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}
