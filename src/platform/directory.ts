// Directories by descriptor. Anybody who may write in a directory can replace a checked file by a link at any moment, so
// files in it are never named by a path.
import { randomUUID } from "node:crypto";
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
  renameSync,
  rmdirSync,
  type Stats,
  unlinkSync,
} from "node:fs";

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Names read at a time from a directory that is being emptied. */
const NAMES_AT_ONCE = 1_000;
/** Bytes of a name that another one takes over. */
const LONGEST_ENDING = 100;

/** Linux's O_PATH, which Node has no name for: the directory itself need not be readable. */
const BY_PATH = 0o1000_0000 | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * Opens a directory that is no link, lets `work` have it with what it was before, and closes it. Root without CAP_DAC_OVERRIDE
 * may not look into a directory that its owner keeps to himself: it then becomes root's. Errors: the system's own, ELOOP of a
 * link.
 */
export function withDirectory<T>(path: string | Buffer, work: (fd: number, status: Stats) => T): T {
  const { fd, status } = openDirectory(path);
  try {
    return work(fd, status);
  } finally {
    closeSync(fd);
  }
}

/** The same, for whoever closes it. */
export function openDirectory(path: string | Buffer): { fd: number; status: Stats } {
  try {
    const fd = openSync(path, DIRECTORY);
    return { fd, status: fstatSync(fd) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES" || !isRoot()) throw error;
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

/**
 * Removes everything from an open directory, except what `keeps` selects, however much and however deep it is. No link is
 * followed. What something is mounted on stays. Errors: the system's own.
 */
export function emptyDirectory(
  fd: number,
  keeps: (name: string, status: Stats) => boolean = () => false,
): void {
  // A name may be missed while others are being removed.
  for (let hasRemoved = true; hasRemoved; ) {
    hasRemoved = false;
    for (const name of namesIn(fd)) {
      const status = lstatSync(bytesOf(fd, name), { throwIfNoEntry: false });
      if (status !== undefined && !keeps(name, status) && remove(fd, name)) hasRemoved = true;
    }
  }
}

/** As bytes, each a character: whoever makes a file gives it any name. */
function* namesIn(fd: number): Generator<string> {
  const open = opendirSync(inDirectory(fd), { bufferSize: NAMES_AT_ONCE, encoding: "latin1" });
  try {
    for (let entry = open.readSync(); entry !== null; entry = open.readSync()) yield entry.name;
  } finally {
    open.closeSync();
  }
}

function bytesOf(fd: number, name: string): Buffer {
  return Buffer.from(inDirectory(fd, name), "latin1");
}

/**
 * Also a directory, with all that is in it: those inside are moved out before they are emptied, for a walk down would need a
 * descriptor and a piece of the stack for each of ten thousand. False if something is mounted there.
 */
function remove(fd: number, name: string): boolean {
  const left = [name];
  let isGone = true;
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const path = bytesOf(fd, next);
    const outcome = unlinkAt(path);
    if (outcome === "mounted") isGone = false;
    if (outcome !== "directory") continue;
    withDirectory(path, (inner) => {
      if (isRoot()) takeDirectory(inner);
      const clear = (directory: string): boolean => {
        // What an interruption leaves behind still ends as the first one does.
        const moved = `${randomUUID()}${name.slice(-LONGEST_ENDING)}`;
        const move = moveDirectory(bytesOf(inner, directory), bytesOf(fd, moved));
        if (move === "moved") left.push(moved);
        return move === "moved" || (move === "elsewhere" && remove(inner, directory));
      };
      while (flatten(inner, clear) && !isDone(() => rmdirSync(path)));
    });
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined && !isDone(() => rmdirSync(path)))
      isGone = false;
  }
  return isGone;
}

/** Removes all but directories, and lets `clear` see to those. False: there was nothing to be done. */
function flatten(fd: number, clear: (name: string) => boolean): boolean {
  let hasChanged = false;
  for (const name of namesIn(fd)) {
    const outcome = unlinkAt(bytesOf(fd, name));
    if (outcome === "gone" || (outcome === "directory" && clear(name))) hasChanged = true;
  }
  return hasChanged;
}

/**
 * `elsewhere`: it lies in a file system that is mounted there, or in a layer of the image, whose directories overlayfs does not move.
 * It can be emptied where it is.
 */
function moveDirectory(from: Buffer, to: Buffer): Move {
  try {
    return tryToMove(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES" || !isRoot()) throw error;
  }
  // Without CAP_DAC_OVERRIDE root may give only its own directories another parent.
  withDirectory(from, takeDirectory);
  return tryToMove(from, to);
}

type Move = "moved" | "elsewhere" | "mounted";

function tryToMove(from: Buffer, to: Buffer): Move {
  try {
    return isDone(() => renameSync(from, to)) ? "moved" : "mounted";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EXDEV") return "elsewhere";
    throw error;
  }
}

function unlinkAt(path: Buffer): "gone" | "directory" | "mounted" {
  try {
    unlinkSync(path);
    return "gone";
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return "gone";
    if (code === "EBUSY") return "mounted";
    if (code === "EISDIR" || code === "EPERM") return "directory";
    throw error;
  }
}

/** False where something is mounted. */
function isDone(action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (["EBUSY", "ENOTEMPTY"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
