import { fchmodSync, fstatSync, lchownSync, lstatSync, readdirSync } from "node:fs";
import { DjinitError } from "../../base/errors.ts";
import { DJANGO_USER, mediaDirectories } from "../../plan/paths.ts";
import { type Account, findAccount } from "../../platform/credentials.ts";
import { inDirectory, withDirectory } from "../../platform/directory.ts";

const MODE_BITS = 0o7777;
/** Not a directory: a file, or a link in its place. */
const NO_DIRECTORY = ["ENOTDIR", "ELOOP"];

/**
 * Gives the media directories, with all that is in them, to user django where the owner is another. Links are changed
 * themselves and not followed. Errors: DJINIT_MEDIA_OWNER when the volume does not allow it.
 */
export function ownMediaDirectories(appDirectory: string): void {
  const django = findAccount(DJANGO_USER);
  for (const directory of mediaDirectories(appDirectory)) {
    const top = lstatSync(directory, { throwIfNoEntry: false });
    // If the top is right, an earlier start has walked the whole tree. Large volumes are not walked each time.
    if (top === undefined || (top.uid === django.uid && top.gid === django.gid)) continue;
    try {
      ownTree(directory, django, top.isDirectory());
    } catch (error) {
      throw new DjinitError(
        "DJINIT_MEDIA_OWNER",
        `cannot give ${directory} to user ${DJANGO_USER}: ${(error as Error).message}`,
      );
    }
  }
}

/**
 * Children first: an interrupted walk leaves the top unchanged, so the next start walks again. By descriptors: the owner of a
 * directory may replace it by a link during the walk.
 */
function ownTree(path: string, account: Account, isDirectory: boolean): void {
  if (isDirectory) ownChildren(path, account);
  lchownSync(path, account.uid, account.gid);
}

function ownChildren(path: string, account: Account): void {
  try {
    withDirectory(path, (fd, { mode }) => {
      for (const entry of readdirSync(inDirectory(fd), { withFileTypes: true }))
        ownTree(inDirectory(fd, entry.name), account, entry.isDirectory());
      // One that had to be taken to be looked into has its mode back.
      if (fstatSync(fd).mode !== mode) fchmodSync(fd, mode & MODE_BITS);
    });
  } catch (error) {
    if (!NO_DIRECTORY.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
