// The directories under /run: made at each start, since /run may be an empty tmpfs.
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { DjinitError } from "../base/errors.ts";
import { RUNTIME_DIRECTORIES, type RuntimeDirectory } from "../plan/paths.ts";
import { findAccount } from "../platform/credentials.ts";

const MODE = 0o755;
/** For a directory with writers besides its owner. */
const SHARED_MODE = 0o775;

/**
 * Makes them with their owners and clears away what an earlier run of the same container left in the way.
 * Errors: DJINIT_RUNTIME_DIRECTORY names every directory that cannot be had, with the system's own words.
 */
export function makeRuntimeDirectories(isRoot: boolean): void {
  const failures: string[] = [];
  for (const directory of RUNTIME_DIRECTORIES) {
    try {
      makeDirectory(directory, isRoot);
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  if (failures.length === 0) return;
  throw new DjinitError(
    "DJINIT_RUNTIME_DIRECTORY",
    `cannot make the runtime directories: ${failures.join("; ")}`,
  );
}

function makeDirectory({ path, owner, writers, stale }: RuntimeDirectory, isRoot: boolean): void {
  // What an earlier run may have left here is its user's, not root's: a link, above all, is not to be followed.
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory() === false) rmSync(path);
  // Not `recursive`: of a read-only file system Node would then say ENOENT.
  if (there?.isDirectory() !== true) mkdirSync(path, { mode: MODE });
  // A PID file of an earlier run would name some other process of this one.
  if (stale !== undefined)
    for (const name of readdirSync(path)) if (stale.test(name)) rmSync(join(path, name), { recursive: true });
  if (isRoot) {
    const { uid } = findAccount(owner);
    const { gid } = findAccount(writers ?? owner);
    const mode = writers === undefined ? MODE : SHARED_MODE;
    const is = statSync(path);
    const wrongMode = (is.mode & 0o7777) !== mode;
    // Root may change the mode of its own directories only, where it lacks CAP_FOWNER.
    if (wrongMode && is.uid !== 0) chownSync(path, 0, 0);
    if (wrongMode) chmodSync(path, mode);
    if (wrongMode || is.uid !== uid || is.gid !== gid) chownSync(path, uid, gid);
  }
  accessSync(path, constants.W_OK | constants.X_OK);
}
