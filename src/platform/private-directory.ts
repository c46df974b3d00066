// A directory of this user's own, below one that everybody may write to: made anew at each start, and never one that was
// found there. Others of the same container find it by its name, which has the container's mount namespace in it: whoever the
// engine puts beside PID 1 shares that, and no other container does, whatever volumes they share.
import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { listNames } from "../base/untrusted-file.ts";
import { lockFile } from "./libc.ts";

const PREFIX = "djinit-";
const LOCK = "djinit.lock";
const MODE = 0o700;
const MODE_BITS = 0o7777;
/** Of a directory that anybody fills: more are not looked through. */
const MOST_NAMES = 100_000;

export interface PrivateDirectory {
  path: string;
  /** Kept open, it tells everybody else that the directory is in use. */
  lockFd: number;
}

/**
 * Makes one below the first of `parents` that allows it, and removes what this user's earlier starts have left there. Errors:
 * one that has the system's own words for each of them.
 */
export function makePrivateDirectory(parents: readonly string[]): PrivateDirectory {
  const failures: string[] = [];
  for (const parent of parents) {
    try {
      removeLeft(parent);
      // The name is new and the directory is ours alone from its beginning, whatever the umask.
      const path = mkdtempSync(join(parent, `${PREFIX}${mountNamespace()}-`));
      return { path, lockFd: holdLock(path) };
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  throw new Error(failures.join("; "));
}

/** That of the djinit which runs this container, if it has one. */
export function findPrivateDirectory(
  parents: readonly string[],
  owners: readonly number[] = trustedOwners(),
): string | undefined {
  const prefix = `${PREFIX}${mountNamespace()}-`;
  return parents
    .flatMap((parent) => ownDirectories(parent, prefix, owners))
    .find((path) => isHeld(path) === true);
}

/** Makes a directory in it. */
export function makeInside(path: string): void {
  mkdirSync(path, { mode: MODE });
}

/** Under another name until it is locked: whoever finds a lock that nobody holds may take the directory away. */
function holdLock(directory: string): number {
  const { O_CREAT, O_EXCL, O_RDWR } = constants;
  const draft = join(directory, `${LOCK}.new`);
  const fd = openSync(draft, O_RDWR | O_CREAT | O_EXCL, 0o600);
  lockFile(fd);
  renameSync(draft, join(directory, LOCK));
  return fd;
}

/** Undefined where there is no lock yet, or none that this user may look at. */
function isHeld(directory: string): boolean | undefined {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;
  try {
    const fd = openSync(join(directory, LOCK), O_RDWR | O_NOFOLLOW | O_NONBLOCK);
    const isFree = lockFile(fd);
    closeSync(fd);
    return !isFree;
  } catch {
    return undefined;
  }
}

function removeLeft(parent: string): void {
  for (const path of ownDirectories(parent, PREFIX, [process.geteuid?.() ?? 0]))
    if (isHeld(path) === false) rmSync(path, { recursive: true, force: true });
}

function ownDirectories(parent: string, prefix: string, owners: readonly number[]): string[] {
  let names: string[] = [];
  try {
    names = listNames(parent, MOST_NAMES).filter((name) => name.startsWith(prefix));
  } catch {
    // Not there, or not for this user.
  }
  return names.map((name) => join(parent, name)).filter((path) => isOwned(path, owners));
}

function isOwned(path: string, owners: readonly number[]): boolean {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined || !there.isDirectory()) return false;
  return owners.includes(there.uid) && (there.mode & MODE_BITS) === MODE;
}

/** This user, and whom PID 1 is run by: `docker exec --user 0` asks the djinit of another user. Never root's own. */
function trustedOwners(): number[] {
  return [process.geteuid?.() ?? 0, uidOfPid1()].filter((uid) => uid !== undefined && uid !== 0) as number[];
}

/** By its status, not its owner: /proc gives root what may not be dumped. */
function uidOfPid1(): number | undefined {
  try {
    return Number(/^Uid:\t(\d+)/m.exec(readFileSync("/proc/1/status", "latin1"))?.[1]);
  } catch {
    return undefined;
  }
}

function mountNamespace(): string {
  return /\d+/.exec(readlinkSync("/proc/self/ns/mnt"))?.[0] ?? "0";
}
