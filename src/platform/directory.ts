// Directories by descriptor. Anybody who may write in a directory can replace a checked file by a link at any moment, so
// files in it are never named by a path.
import {
  chmodSync,
  chownSync,
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
/** Names read at a time from a directory that is being emptied. */
const NAMES_AT_ONCE = 1_000;

/** Linux's O_PATH, which Node has no name for: the directory itself need not be readable. */
const BY_PATH = 0o1000_0000 | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * Opens a directory that is no link, lets `work` have it with what it was before, and closes it. Root without CAP_DAC_OVERRIDE
 * may not look into a directory that its owner keeps to himself: it then becomes root's. Errors: the system's own, ELOOP of a
 * link.
 */
export function withDirectory<T>(path: string, work: (fd: number, status: Stats) => T): T {
  const { fd, status } = openDirectory(path);
  try {
    return work(fd, status);
  } finally {
    closeSync(fd);
  }
}

function openDirectory(path: string): { fd: number; status: Stats } {
  try {
    const fd = openSync(path, DIRECTORY);
    return { fd, status: fstatSync(fd) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES" || process.getuid?.() !== 0) throw error;
  }
  const held = openSync(path, BY_PATH);
  try {
    const status = fstatSync(held);
    const itself = `/proc/self/fd/${held}`;
    chownSync(itself, 0, 0);
    chmodSync(itself, 0o700);
    return { fd: openSync(itself, constants.O_RDONLY | constants.O_DIRECTORY), status };
  } finally {
    closeSync(held);
  }
}

/** Does something as the owner of a directory, in which root without CAP_DAC_OVERRIDE may not write, and gives it back. Errors: those of `action`. */
export function whileRoots<T>(path: string, action: () => T): T {
  return withDirectory(path, (fd, { uid, gid }) => {
    fchownSync(fd, 0, 0);
    try {
      return action();
    } finally {
      fchownSync(fd, uid, gid);
    }
  });
}

/** Lets `work` have a directory where none on the way there may be a link. `path` is absolute. Errors: as above. */
export function withDirectoryAt<T>(path: string, work: (fd: number) => T): T {
  const names = path.split("/").filter((name) => name !== "");
  const enter = (place: string, at: number): T => {
    const fd = openSync(place, BY_PATH);
    try {
      const name = names[at];
      return name === undefined ? work(fd) : enter(inDirectory(fd, name), at + 1);
    } finally {
      closeSync(fd);
    }
  };
  return enter("/", 0);
}

/** The path of `name` in an open directory. It stays right if the directory's own path changes. */
export function inDirectory(fd: number, name = ""): string {
  return `/proc/self/fd/${fd}/${name}`;
}

/** From now on only root can write in it. Its former owner cannot, even with the directory still open. */
export function takeDirectory(fd: number): void {
  // In this order: without CAP_FOWNER, root may change the mode only of its own directories.
  fchownSync(fd, 0, 0);
  fchmodSync(fd, 0o700);
}

/** Removes everything from an open directory, except what `keeps` selects. No link is followed. Errors: the system's own. */
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

/** False if something is mounted there. */
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
