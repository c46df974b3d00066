// Whether what lies beside static files is still of these files, by their times alone: a start looks at it each time.
import { lstatSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { isSameTime, MARKER, originalOf } from "./siblings.ts";

/** Of a directory with more in it nothing is known. */
const MOST_ENTRIES = 100_000;

/** Whether `djinit precompress` has looked at it. */
export function isPrecompressed(directory: string): boolean {
  try {
    return lstatSync(join(directory, MARKER), { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    // It is a file.
    return false;
  }
}

/** The first sibling that has another time than its file. `skips` are directories by their paths below it. Links are followed, as nginx follows them. Errors: none. */
export function findStale(directory: string, skips: readonly string[] = []): string | undefined {
  const seen = new Set<string>();
  const skipped = skips.map((path) => join(directory, path));
  let left = MOST_ENTRIES;
  const look = (place: string): string | undefined => {
    if (skipped.includes(place)) return undefined;
    const { dev, ino } = statSync(place);
    const itself = `${dev}:${ino}`;
    if (seen.has(itself)) return undefined;
    seen.add(itself);
    const entries = readdirSync(place, { withFileTypes: true });
    left -= entries.length;
    if (left < 0) return place;
    const names = new Set(entries.map(({ name }) => name));
    for (const entry of entries) {
      const path = join(place, entry.name);
      const original = originalOf(entry.name);
      if (original !== undefined && names.has(original)) {
        if (!isOf(path, join(place, original))) return path;
      } else if (entry.isDirectory() || (entry.isSymbolicLink() && isDirectory(path))) {
        const stale = look(path);
        if (stale !== undefined) return stale;
      }
    }
    return undefined;
  };
  try {
    return look(directory);
  } catch (error) {
    return (error as NodeJS.ErrnoException).path ?? directory;
  }
}

/** What is not there, or leads nowhere, is served by nobody. */
function isOf(sibling: string, original: string): boolean {
  const [one, other] = [sibling, original].map((path) => statSync(path, { throwIfNoEntry: false }));
  return one === undefined || other === undefined || isSameTime(one, other);
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
