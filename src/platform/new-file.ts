import { closeSync, constants, fchmodSync, fchownSync, openSync, rmSync, writeFileSync } from "node:fs";
import type { Account } from "./credentials.ts";

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Writes a new file: an existing one is removed first, and no link is followed. Only for a directory that no other user can
 * write to. Errors: the system's own; then there is no file, not a part of one either.
 */
export function writeNewFile(
  path: string,
  text: string,
  { mode, owner }: { mode: number; owner?: Account },
): void {
  rmSync(path, { force: true });
  const fd = openSync(path, CREATE, mode);
  try {
    writeFileSync(fd, text);
    // The container's umask is for what the application writes.
    fchmodSync(fd, mode);
    if (owner !== undefined) fchownSync(fd, owner.uid, owner.gid);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}
