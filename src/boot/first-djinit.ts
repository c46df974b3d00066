// Whether this djinit is the container's first, or a second one (`docker exec C djinit …`). The first holds a lock for as long
// as PID 1 lives, in both lives; the kernel frees it.
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, rmSync } from "node:fs";
import { DjinitError } from "../base/errors.ts";
import { LOCK_FILE, PRIVATE_PARENTS, SUPERVISOR_USER } from "../plan/paths.ts";
import { findAccount } from "../platform/credentials.ts";
import { lockFile } from "../platform/libc.ts";
import { findPrivateDirectory } from "../platform/private-directory.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;
/** Other users must not open it: an open file can be locked. */
const MODE = 0o600;
/** Against a file that disappears between two looks. */
const ATTEMPTS = 5;
/** A `docker exec` in the first milliseconds may take the lock before the container's own djinit. */
const OWN_PATIENCE_MS = 10_000;
const LOOK_PERIOD_MS = 50;

export type Place =
  /** This djinit is the first. `lockFd` is undefined if no lock file can be made. */
  | { isFirst: true; lockFd: number | undefined }
  /** Another djinit runs the container. */
  | { isFirst: false };

type Attempt = { fd: number | undefined } | "taken";

let found: Place | undefined;

/** Takes the container, unless another djinit has it. Errors: DJINIT_RUNTIME_DIRECTORY when PID 1 finds it taken. */
export function takeContainer(): Place {
  const owners = [0, process.getuid?.() ?? 0, findAccount(SUPERVISOR_USER).uid];
  found ??= process.pid === 1 ? takeAsPid1(owners) : takeAsOther(owners);
  return found;
}

function takeAsOther(owners: readonly number[]): Place {
  if (findPrivateDirectory(PRIVATE_PARENTS) !== undefined) return { isFirst: false };
  const place = placeOf(takeLock(LOCK_FILE, { isPid1: false, owners }));
  // If no lock file can be made, PID 1 has none either.
  const isBeside = place.isFirst && place.lockFd === undefined && isPid1Djinit();
  return isBeside ? { isFirst: false } : place;
}

function isPid1Djinit(): boolean {
  try {
    const [program = "", ...rest] = readFileSync("/proc/1/cmdline", "latin1").split("\0");
    // An init of the engine's only has djinit among the words that it starts.
    const script = rest.find((word) => !word.startsWith("-")) ?? "";
    return program.endsWith("/djinit") || script.endsWith("/djinit/main.js");
  } catch {
    return false;
  }
}

function takeAsPid1(owners: readonly number[]): Place {
  const endMs = performance.now() + OWN_PATIENCE_MS;
  for (;;) {
    const place = placeOf(takeLock(LOCK_FILE, { isPid1: true, owners }));
    if (place.isFirst) return place;
    if (performance.now() >= endMs) {
      const text = `cannot take ${LOCK_FILE}: another djinit holds it; is /run shared with another container?`;
      throw new DjinitError("DJINIT_RUNTIME_DIRECTORY", text);
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_PERIOD_MS);
  }
}

function placeOf(result: Attempt): Place {
  return typeof result === "object" ? { isFirst: true, lockFd: result.fd } : { isFirst: false };
}

interface Taker {
  isPid1: boolean;
  /** Lock files of these users are trusted. */
  owners: readonly number[];
}

/**
 * Takes the lock at `path`. PID 1 ignores a file that another user may have put there. Any other process respects every
 * lock: it does not know which user started the container.
 */
export function takeLock(path: string, taker: Taker): Attempt {
  for (let left = ATTEMPTS; left > 0; left -= 1) {
    const result = tryOnce(path, taker);
    if (result !== "again") return result;
  }
  return !taker.isPid1 && isThere(path) ? "taken" : { fd: undefined };
}

function tryOnce(path: string, { isPid1, owners }: Taker): Attempt | "again" {
  let fd: number;
  try {
    fd = openLock(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another user's link, directory or socket.
    if (code === "ELOOP" || code === "EISDIR" || code === "ENXIO") return replace(path);
    if (code === "EEXIST" || code === "ENOENT") return "again";
    // No lock file can be made. runtime-directories.ts will report what is wrong with /run. EACCES for a file that exists:
    // another djinit's lock.
    return code === "EACCES" && !isPid1 && isThere(path) ? "taken" : { fd: undefined };
  }
  const isOurs = isTrusted(fd, owners);
  const isLocked = isOurs || !isPid1 ? lockFile(fd) : undefined;
  if (isLocked && isOurs && isStillAt(path, fd)) return { fd };
  closeSync(fd);
  if (isLocked === false) return "taken";
  return isOurs ? "again" : replace(path);
}

/** In two steps: with O_CREAT Linux may refuse root another user's file in a sticky directory. */
function openLock(path: string): number {
  const flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK;
  return isThere(path) ? openSync(path, flags) : openSync(path, flags | O_CREAT | O_EXCL, MODE);
}

/** A file that no other user can have opened. */
function isTrusted(fd: number, owners: readonly number[]): boolean {
  const file = fstatSync(fd);
  return file.isFile() && (file.mode & 0o077) === 0 && file.nlink === 1 && owners.includes(file.uid);
}

function isStillAt(path: string, fd: number): boolean {
  const [there, opened] = [lstatSync(path, { throwIfNoEntry: false }), fstatSync(fd)];
  return there !== undefined && there.ino === opened.ino && there.dev === opened.dev;
}

function replace(path: string): "again" | { fd: undefined } {
  try {
    rmSync(path, { recursive: true, force: true });
    return "again";
  } catch {
    return { fd: undefined };
  }
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}
