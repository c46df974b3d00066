// Reads secret files after PID 1 has given up root: they may be root's alone, and nobody else is to be able to read them.
import { statSync } from "node:fs";
import { GIVEN_FILES, type GivenFiles, openGiven } from "../../base/given-file.ts";
import { readAll } from "../../base/untrusted-file.ts";
import { withFilesOf } from "../../platform/libc.ts";

const ROOT = { uid: 0, gid: 0 };

/**
 * As root, or else as the user whose file it is. PID 1 has CAP_SETUID, with which it starts the services, and so needs neither
 * a process that stays root nor files that are kept open: those would have the old content where a file has been replaced.
 */
export const FILES_OF_ROOT: GivenFiles = {
  read: (path, mostBytes) => readAll(openAsRoot(path), mostBytes),
  list: (directory, most) => withFilesOf(ROOT, () => GIVEN_FILES.list(directory, most)),
};

function openAsRoot(path: string): { fd: number; size: number } {
  return withFilesOf(ROOT, () => {
    try {
      return openGiven(path);
    } catch (error) {
      const { uid, gid } = statSync(path, { throwIfNoEntry: false }) ?? ROOT;
      if (uid === 0 || !String(error).includes("EACCES")) throw error;
      return withFilesOf({ uid, gid }, () => openGiven(path));
    }
  });
}
