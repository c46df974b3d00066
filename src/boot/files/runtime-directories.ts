// The directories under /run. Each start makes them: /run may be an empty tmpfs, or writable for everybody.
import {
  accessSync,
  constants,
  fchmodSync,
  fchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { join } from "node:path";
import { DjinitError } from "../../base/errors.ts";
import {
  DJINIT_DIRECTORY,
  GUNICORN_DIRECTORY,
  PRIVATE_PARENTS,
  PROMETHEUS_DIRECTORY,
  placedIn,
  RUN_DIRECTORY,
  RUNTIME_DIRECTORIES,
  type RuntimeDirectory,
  sharedDirectories,
  WEB_DIRECTORY,
} from "../../plan/paths.ts";
import { findAccount } from "../../platform/credentials.ts";
import { emptyDirectory, takeDirectory, withDirectory } from "../../platform/directory.ts";
import { makeInside, makePrivateDirectory } from "../../platform/private-directory.ts";

const MODE = 0o755;
/** For a directory with writers besides its owner. */
const SHARED_MODE = 0o775;
const MODE_BITS = 0o7777;
const WRITABLE_BY_OTHERS = 0o022;

export interface RunDirectory {
  path: string;
  /** Of a directory that is not /run: its own. */
  lockFd?: number;
}

/**
 * Makes them with their owners, and removes leftovers of an earlier run. A start as root trusts nothing that it finds: from
 * now on only root may change the entries of /run itself. Another user that cannot use /run gets a private directory.
 * Returns the directory that serves as /run.
 * Errors: DJINIT_RUNTIME_DIRECTORY names every directory that cannot be made, with the system's message.
 */
export function makeRuntimeDirectories(isRoot: boolean, half?: Half): RunDirectory {
  const directories = half === undefined ? RUNTIME_DIRECTORIES : sharedDirectories(half);
  const failures: string[] = [];
  const attempt = (path: string, make: () => void): void => {
    try {
      make();
    } catch (error) {
      // The system does not know what a descriptor is called.
      const { message } = error as Error;
      failures.push(message.includes(path) ? message : `${path}: ${message}`);
    }
  };
  if (isRoot)
    attempt(RUN_DIRECTORY, () => withDirectory(RUN_DIRECTORY, (fd, status) => own(fd, status, 0, 0, MODE)));
  if (half !== undefined) {
    attempt(WEB_DIRECTORY, requireVolume);
    if (half === "application" && !isRoot && failures.length === 0)
      attempt(WEB_DIRECTORY, () => accessSync(WEB_DIRECTORY, constants.W_OK | constants.X_OK));
    // Another directory than /run cannot stand in for it.
    if (failures.length > 0) throw refused(failures);
    attempt(GUNICORN_DIRECTORY, () => linkToVolume(GUNICORN_DIRECTORY));
  }
  for (const directory of directories)
    attempt(directory.path, () => (isRoot ? clearForOwner(directory) : makeForSelf(directory)));
  // When all of them are there: without CAP_DAC_OVERRIDE root can make nothing in a directory that it has given away.
  if (isRoot && failures.length === 0)
    for (const directory of directories) attempt(directory.path, () => giveToOwner(directory));
  if (failures.length === 0) return { path: RUN_DIRECTORY };
  if (!isRoot) {
    try {
      return makeInPrivate(half, directories);
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  throw refused(failures);
}

type Half = "nginx" | "application";

function refused(failures: readonly string[]): DjinitError {
  return new DjinitError(
    "DJINIT_RUNTIME_DIRECTORY",
    `cannot make the runtime directories: ${failures.join("; ")}`,
  );
}

/** Errors: throws where there is no directory. */
function requireVolume(): void {
  if (statSync(WEB_DIRECTORY, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new Error(
    `${WEB_DIRECTORY} is not there: with DJINIT_WEB, nginx's container and the application's share a volume there`,
  );
}

/** nginx's files and gunicorn's name the usual directory. */
function linkToVolume(path: string): void {
  rmSync(path, { recursive: true, force: true });
  symlinkSync(WEB_DIRECTORY, path);
}

/** It is new, and so is all in it. */
function makeInPrivate(half: Half | undefined, directories: readonly RuntimeDirectory[]): RunDirectory {
  const directory = makePrivateDirectory(PRIVATE_PARENTS);
  if (half !== undefined) linkToVolume(placedIn(directory.path, GUNICORN_DIRECTORY));
  for (const own of directories) {
    // The volume outlives the container.
    const isShared = own.path === WEB_DIRECTORY || (half !== undefined && own.path === PROMETHEUS_DIRECTORY);
    const path = own.path === WEB_DIRECTORY ? own.path : placedIn(directory.path, own.path);
    if (isShared) makeForSelf({ ...own, path });
    else makeInside(path);
  }
  return directory;
}

/** Makes it root's own. By descriptors, for the owner of a directory may write in it at any time. */
function clearForOwner({ path, owner, removes, keeps }: RuntimeDirectory): void {
  const { uid } = findAccount(owner);
  requireDirectory(path);
  withDirectory(path, (fd, status) => {
    const isStrange = status.uid !== uid && status.uid !== 0;
    const keepsFile = (name: string, file: Stats): boolean => keeps?.test(name) === true && isOurs(file, uid);
    takeDirectory(fd);
    // In this run, the PID in an old PID file belongs to another process.
    emptyDirectory(fd, removes === "all" || isStrange ? keepsFile : (name) => !removes.test(name));
    fchmodSync(fd, MODE);
  });
}

function giveToOwner({ path, owner, writers }: RuntimeDirectory): void {
  // The boot writes there; PID 1 gets it when it is no longer root.
  if (path === DJINIT_DIRECTORY) return;
  const { gid } = findAccount(writers ?? owner);
  withDirectory(path, (fd, status) =>
    own(fd, status, findAccount(owner).uid, gid, writers === undefined ? MODE : SHARED_MODE),
  );
}

/** Gives /run/djinit to the user that PID 1 becomes. Until now it was root's. */
export function giveDjinitDirectory(user: string): void {
  const { uid, gid } = findAccount(user);
  withDirectory(DJINIT_DIRECTORY, (fd) => fchownSync(fd, uid, gid));
}

/** Without root the container's user owns everything. */
function makeForSelf({ path, removes, keeps }: RuntimeDirectory): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory() === false) rmSync(path);
  // Not `recursive`: of a read-only file system Node would then say ENOENT.
  if (there?.isDirectory() !== true) mkdirSync(path, { mode: MODE });
  const isStale = (name: string): boolean =>
    removes === "all" ? keeps?.test(name) !== true : removes.test(name);
  for (const name of readdirSync(path)) if (isStale(name)) rmSync(join(path, name), { recursive: true });
  accessSync(path, constants.W_OK | constants.X_OK);
}

/** Removes anything that is not a directory. */
function requireDirectory(path: string): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory() === true) return;
  if (there !== undefined) unlinkSync(path);
  mkdirSync(path, { mode: MODE });
}

/** A file that only root and the owner can have written, with no second name. */
function isOurs(file: Stats, uid: number): boolean {
  const isKnown = file.uid === 0 || file.uid === uid;
  return file.isFile() && isKnown && file.nlink === 1 && (file.mode & WRITABLE_BY_OTHERS) === 0;
}

/** Changes owner and mode only if they differ. */
function own(
  fd: number,
  is: Pick<Stats, "uid" | "gid" | "mode">,
  uid: number,
  gid: number,
  mode: number,
): void {
  const wrongMode = (is.mode & MODE_BITS) !== mode;
  // Root may change the mode of its own directories only, where it lacks CAP_FOWNER.
  if (wrongMode && is.uid !== 0) fchownSync(fd, 0, 0);
  if (wrongMode) fchmodSync(fd, mode);
  if (wrongMode || is.uid !== uid || is.gid !== gid) fchownSync(fd, uid, gid);
}
