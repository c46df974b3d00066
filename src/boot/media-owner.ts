import { lchownSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DjinitError } from "../base/errors.ts";
import { DJANGO_USER, MEDIA_DIRECTORIES } from "../plan/paths.ts";
import { findAccount } from "../platform/credentials.ts";

/**
 * Gives the media directories, with all that is in them, to user django where the owner is another. Links are changed
 * themselves and not followed. Errors: DJINIT_MEDIA_OWNER when the volume does not allow it.
 */
export function ownMediaDirectories(): void {
  const { uid, gid } = findAccount(DJANGO_USER);
  for (const directory of MEDIA_DIRECTORIES) {
    const top = lstatSync(directory, { throwIfNoEntry: false });
    // A tree that is right at the top was made right before: large volumes are not walked at each start.
    if (top === undefined || (top.uid === uid && top.gid === gid)) continue;
    try {
      ownTree(directory, uid, gid);
    } catch (error) {
      throw new DjinitError(
        "DJINIT_MEDIA_OWNER",
        `cannot give ${directory} to user ${DJANGO_USER}: ${(error as Error).message}`,
      );
    }
  }
}

/** Children first: a walk that was interrupted leaves the top as it was, and is done again. */
function ownTree(path: string, uid: number, gid: number): void {
  if (lstatSync(path).isDirectory())
    for (const name of readdirSync(path)) ownTree(join(path, name), uid, gid);
  lchownSync(path, uid, gid);
}
