// A confinement as the words that start-service takes, by what there is now.
import { existsSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Confinement } from "../../base/confinement.ts";
import { linkedDirectories, mayBeLinked } from "./links.ts";

/** Words between the score and the command. */
export function confinementWords(confinement: Confinement): string[] {
  const { kind, appDirectory, system, reads, served, lists, linked, writes, creates } = confinement;
  const astray = new Set(served.filter((path) => leadsAstray(path, appDirectory)));
  const named = reads.filter((path) => !astray.has(path)).flatMap((path) => forReading(path, appDirectory));
  const readable = withoutCovered([...named, ...linkedDirectories(linked, appDirectory)]);
  // What is not there has no rule, so that the rules of two times can be compared.
  const rules = [
    ...readable.map((path) => ({ path, key: "r" })),
    ...lists.map((path) => ({ path, key: "l" })),
    ...writes.map((path) => ({ path, key: "w" })),
    ...creates.map((path) => ({ path, key: path === "/dev/null" ? "d" : "c" })),
  ].filter(({ path }) => !isAbsent(path));
  const words = [...system.map((path) => `r=${path}`), ...rules.map(({ key, path }) => `${key}=${path}`)];
  return [`--confine=${kind}`, ...new Set(words), "--"];
}

/** Without what lies on a file system that does not answer: it is found to have come when it does. */
export function withoutServed(confinement: Confinement): Confinement {
  const served = new Set([...confinement.served, ...confinement.linked]);
  const reads = confinement.reads.filter((path) => !served.has(path));
  return { ...confinement, reads, served: [], linked: [] };
}

/** What PID 1 may not see nginx may: a key in a directory of its group's, say. start-service leaves out what is not there. */
function isAbsent(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

/** What is served lies where the application may put a link in its place. */
function leadsAstray(path: string, appDirectory: string): boolean {
  try {
    const named = path.replace(/\/+$/, "");
    const real = realpathSync.native(path);
    return real !== named && !mayBeLinked(real, realpathSync.native(appDirectory));
  } catch {
    return false;
  }
}

/**
 * A file that is replaced, by a certificate that is renewed say, is another one: the directory that it lies in counts, where that
 * holds nothing else.
 */
function forReading(path: string, appDirectory: string): string[] {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return [path];
    const real = realpathSync.native(path);
    return [path, real, ...[dirname(path), dirname(real)].filter((each) => isOfItsOwn(each, appDirectory))];
  } catch {
    return [path];
  }
}

/** A file below a directory that is in the list may be replaced by another one. */
function withoutCovered(paths: readonly string[]): string[] {
  const directories = paths.map((path) => (path.endsWith("/") ? path : `${path}/`));
  return paths.filter((path) => {
    let real = path;
    try {
      real = realpathSync.native(path);
    } catch {
      // It is not there, or not to be seen by PID 1.
    }
    return !directories.some((directory) => real.startsWith(directory));
  });
}

/** Below /etc, or a volume of Kubernetes' for secrets and configuration. */
function isOfItsOwn(directory: string, appDirectory: string): boolean {
  if (`${appDirectory}/`.startsWith(`${directory}/`)) return false;
  return directory.startsWith("/etc/") || existsSync(`${directory}/..data`) || directory.includes("/..");
}
