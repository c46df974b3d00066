// Whether what is served still lies where it did: a rule is about the directory that was there, not about its name.
import { stat } from "node:fs/promises";

/** A look takes microseconds; a network's file system takes longer. */
const HANGS_AFTER_MS = 1_000;

/** Each path → which file or directory it is. What is not there is left out. */
export type Places = ReadonlyMap<string, string>;

/**
 * Looks while the process goes on. One look at a time in all: on a file system that does not answer (NFS, FUSE) it takes one of Node's
 * four threads for as long as that lasts, and no more than one.
 */
export class PlacesLook {
  readonly #stat: typeof stat;
  #sinceMs: number | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(ask: typeof stat = stat) {
    this.#stat = ask;
  }

  /** Whether the present look has had no answer for so long that none is to be expected. */
  get hangs(): boolean {
    return this.#sinceMs !== undefined && performance.now() - this.#sinceMs >= HANGS_AFTER_MS;
  }

  /** Lasts as long as the file systems take, and the looks before it. */
  at(paths: readonly string[]): Promise<Places> {
    const look = this.#last.then(() => this.#look(paths));
    this.#last = look;
    return look;
  }

  async #look(paths: readonly string[]): Promise<Places> {
    const found = new Map<string, string>();
    for (const path of outermost(paths)) {
      this.#sinceMs = performance.now();
      try {
        found.set(path, placeOf(await this.#stat(path)));
      } catch {
        // It is not there, or not to be seen by PID 1.
      }
    }
    this.#sinceMs = undefined;
    return found;
  }
}

/** That of this process. */
export const placesLook = new PlacesLook();

/** What lies below another place is reached by that one. */
function outermost(paths: readonly string[]): string[] {
  const directories = paths.map((path) => (path.endsWith("/") ? path : `${path}/`));
  return paths.filter((path) => !directories.some((each) => path.startsWith(each) && path !== each));
}

function placeOf({ dev, ino }: { dev: number; ino: number }): string {
  return `${dev}:${ino}`;
}

/** Whether something has come, or has taken the place of what was there. What is gone is missed by nobody. */
export function haveMoved(before: Places, now: Places): boolean {
  return [...now].some(([path, which]) => before.get(path) !== which);
}
