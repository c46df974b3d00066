// Whether this djinit is the container's own, or another one is here already: `docker exec C djinit …`. The container's
// own holds a lock for as long as PID 1 lives, in both of its lives; the kernel frees it.
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, rmSync } from "node:fs";
import { DjinitError } from "../base/errors.ts";
import { LOCK_FILE, PRIVATE_PARENTS, SUPERVISOR_USER } from "../plan/paths.ts";
import { findAccount } from "../platform/credentials.ts";
import { lockFile } from "../platform/libc.ts";
import { findPrivateDirectory } from "../platform/private-directory.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;
/** Nobody else may open it: whoever can open a file can lock it. */
const MODE = 0o600;
/** A file that was taken away between two looks. */
const ATTEMPTS = 5;
/** A djinit that was run by `docker exec` in the first milliseconds of a container may come before the container's own. */
const OWN_PATIENCE_MS = 10_000;
const LOOK_PERIOD_MS = 50;

export type Place =
  /** The container is this one's. `lockFd` is undefined where there is no place for a lock. */
  | { isFirst: true; lockFd: number | undefined }
  /** Another one serves here. */
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
  // Where there is no place for a lock PID 1 has none either.
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
  /** Whose lock files are trusted. */
  owners: readonly number[];
}

/**
 * Takes the lock at `path`. For PID 1 a file that another user may have put there says nothing; for everybody else a
 * lock is a lock, since who started the container is not known.
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
    // Somebody else's link, directory or socket.
    if (code === "ELOOP" || code === "EISDIR" || code === "ENXIO") return replace(path);
    if (code === "EEXIST" || code === "ENOENT") return "again";
    // No place for a lock: what makes the runtime directories says what is wrong with /run. But who may not open the lock
    // of another may not do anything else there either.
    return code === "EACCES" && !isPid1 && isThere(path) ? "taken" : { fd: undefined };
  }
  const isOurs = isTrusted(fd, owners);
  const isLocked = isOurs || !isPid1 ? lockFile(fd) : undefined;
  if (isLocked && isOurs && isStillAt(path, fd)) return { fd };
  closeSync(fd);
  if (isLocked === false) return "taken";
  return isOurs ? "again" : replace(path);
}

/** In two steps: with O_CREAT Linux may refuse root the file of another user in a sticky directory. */
function openLock(path: string): number {
  const flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK;
  return isThere(path) ? openSync(path, flags) : openSync(path, flags | O_CREAT | O_EXCL, MODE);
}

/** A file that nobody else can have opened. */
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
