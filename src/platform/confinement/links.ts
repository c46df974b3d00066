// Where the links lead that `collectstatic --link` has made.
import { type Dirent, lstatSync, readdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";

/** Without a link among the first names, none is looked for: large trees of plain files are not walked at each start. */
const SAMPLE = 2_000;
const ROOT = 0;
const MOST_NAMES = 50_000;
/** Never by a link, whoever may have made it. */
const NEVER = /^\/(?:(?:etc|run|var\/run|proc|sys|dev|root|boot)?(?:\/|$)|home$)/;

/**
 * The directories that mirror those below `roots`: of a link `ROOT/a/b.css` to `X/a/b.css` that is X. A link of root's, made with the
 * image, may have another name: it leads to its file alone.
 */
export function linkedDirectories(roots: readonly string[], appDirectory: string): string[] {
  const found = new Set<string>();
  for (const root of roots) for (const target of targetsBelow(root)) found.add(target);
  return [...found].filter((path) => mayBeLinked(path, appDirectory));
}

/** Whether what is served may lead there by a link: neither to the system's own, nor to all of the project. */
export function mayBeLinked(target: string, appDirectory: string): boolean {
  return !NEVER.test(target) && !`${appDirectory}/`.startsWith(`${target}/`);
}

function targetsBelow(root: string): Set<string> {
  const found = new Set<string>();
  const waiting = [""];
  let seen = 0;
  for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
    for (const entry of namesIn(join(root, at))) {
      seen += 1;
      const name = join(at, entry.name);
      if (entry.isDirectory()) waiting.push(name);
      else if (entry.isSymbolicLink()) addTarget(root, name, found);
    }
    if (seen > (found.size === 0 ? SAMPLE : MOST_NAMES)) break;
  }
  return found;
}

function addTarget(root: string, name: string, found: Set<string>): void {
  try {
    const link = join(root, name);
    const target = realpathSync.native(link);
    if (statSync(target).isDirectory()) found.add(target);
    else if (target.endsWith(`/${name}`)) found.add(target.slice(0, -name.length - 1) || "/");
    else if (lstatSync(link).uid === ROOT) found.add(target);
  } catch {
    // A link that leads nowhere.
  }
}

function namesIn(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}
