// Files of variables: they may be root's alone, or another user's, and nobody else is to be able to read them.
import { statSync } from "node:fs";
import { GIVEN_FILES, type GivenFiles, type OpenFile, openGiven, readNaming } from "../../base/given-file.ts";
import { readAll } from "../../base/untrusted-file.ts";
import { withFilesOf } from "../libc.ts";

const ROOT = { uid: 0, gid: 0 };

/** `isOrWasRoot`: the container was started as root, whoever this process is by now. */
export function filesFor(isOrWasRoot: boolean): GivenFiles {
  return isOrWasRoot ? FILES_OF_ROOT : GIVEN_FILES;
}

/**
 * As root, or else as the user whose file it is. PID 1 has CAP_SETUID, with which it starts the services, and so needs neither
 * a process that stays root nor files that are kept open: those would have the old content where a file has been replaced.
 */
const FILES_OF_ROOT: GivenFiles = {
  read: (path, mostBytes, guides) => readAll(openAsRoot(path, guides), mostBytes),
  readNaming: (path, mostBytes) => readNaming(openAsRoot(path), mostBytes),
  list: (directory, most) => withFilesOf(ROOT, () => GIVEN_FILES.list(directory, most)),
};

function openAsRoot(path: string, guides?: readonly number[]): OpenFile {
  return withFilesOf(ROOT, () => {
    try {
      return openGiven(path, guides);
    } catch (error) {
      // Without CAP_DAC_OVERRIDE root may not read what is another's alone.
      const { uid, gid } = statSync(path, { throwIfNoEntry: false }) ?? ROOT;
      if (uid === 0 || !String(error).includes("EACCES")) throw error;
      return withFilesOf({ uid, gid }, () => openGiven(path, guides));
    }
  });
}
