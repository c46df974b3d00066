// Directories by descriptor: whoever may write in one can put a link in the place of what has just been looked at, so
// nothing in it is named by a path.
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  opendirSync,
  openSync,
  rmdirSync,
  type Stats,
  unlinkSync,
} from "node:fs";

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Of a directory that is being emptied: the list of its names is read anew after each lot. */
const NAMES_AT_ONCE = 1_000;

/** Opens a directory that is no link, lets `work` have it, and closes it. Errors: the system's own, ELOOP of a link. */
export function withDirectory<T>(path: string, work: (fd: number, status: Stats) => T): T {
  const fd = openSync(path, DIRECTORY);
  try {
    return work(fd, fstatSync(fd));
  } finally {
    closeSync(fd);
  }
}

/** The path of `name` in an open directory, whatever has become of the directory's own path. */
export function inDirectory(fd: number, name = ""): string {
  return `/proc/self/fd/${fd}/${name}`;
}

/** From now on only root can write in it, and its former owner, who may have it open, cannot. */
export function takeDirectory(fd: number): void {
  // In this order: root may change the mode of its own directories only, where it lacks CAP_FOWNER.
  fchownSync(fd, 0, 0);
  fchmodSync(fd, 0o700);
}

/** Removes what is in an open directory, but for what `keeps`. No link is followed. Errors: the system's own. */
export function emptyDirectory(
  fd: number,
  keeps: (name: string, status: Stats) => boolean = () => false,
): void {
  const kept = new Set<string>();
  for (let found = someNames(fd, kept); found.length > 0; found = someNames(fd, kept)) {
    for (const name of found) {
      const status = lstatSync(inDirectory(fd, name), { throwIfNoEntry: false });
      if (status === undefined || keeps(name, status) || !remove(fd, name)) kept.add(name);
    }
  }
}

function someNames(fd: number, kept: ReadonlySet<string>): string[] {
  const names: string[] = [];
  const open = opendirSync(inDirectory(fd), { bufferSize: NAMES_AT_ONCE });
  try {
    for (let entry = open.readSync(); entry !== null && names.length < NAMES_AT_ONCE; entry = open.readSync())
      if (!kept.has(entry.name)) names.push(entry.name);
  } finally {
    open.closeSync();
  }
  return names;
}

/** False where something is mounted. */
function remove(fd: number, name: string): boolean {
  const path = inDirectory(fd, name);
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return true;
    if (code === "EBUSY") return false;
    if (code !== "EISDIR" && code !== "EPERM") throw error;
  }
  withDirectory(path, (inner) => {
    if (process.getuid?.() === 0) takeDirectory(inner);
    emptyDirectory(inner);
  });
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    if (["EBUSY", "ENOTEMPTY"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}
