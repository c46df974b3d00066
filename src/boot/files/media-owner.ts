import {
  fchmodSync,
  fstatSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { DjinitError } from "../../base/errors.ts";
import { DJANGO_USER } from "../../plan/paths.ts";
import { type Account, findAccount } from "../../platform/credentials.ts";
import { inDirectory, withDirectory, withDirectoryAt } from "../../platform/directory.ts";
import { refusal } from "./publishable.ts";

const MODE_BITS = 0o7777;
const MADE_MODE = 0o755;
/** Not a directory: a file, or a link in its place. */
const NO_DIRECTORY = ["ENOTDIR", "ELOOP"];
/** Where nothing but data lies, by custom. Elsewhere only what has been mounted, or is the application's, changes hands. */
const DATA = ["/data", "/media", "/mnt", "/srv", "/storage", "/uploads", "/var/media", "/var/www", "/vol"];

/**
 * Gives the media directories, with all that is in them, to user django where the owner is another. Links are changed
 * themselves and not followed. Errors: DJINIT_MEDIA_OWNER when the volume does not allow it.
 */
export function ownMediaDirectories(directories: readonly string[]): void {
  for (const directory of directories) {
    if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) continue;
    own(realpathSync(dirname(directory)), basename(directory));
  }
}

/** No link on the way is followed. Errors: DJINIT_MEDIA_OWNER. */
function own(parent: string, name: string): true {
  const django = findAccount(DJANGO_USER);
  try {
    withDirectoryAt(parent, (fd) => ownTop(inDirectory(fd, name), django));
    return true;
  } catch (error) {
    throw new DjinitError(
      "DJINIT_MEDIA_OWNER",
      `cannot give ${join(parent, name)} to user ${DJANGO_USER}: ${(error as Error).message}`,
    );
  }
}

/**
 * The same for MEDIA_ROOT, which is made if need be: where it is clearly a place for data, since the settings are the
 * application's to make. False: it is not, and stays as it is.
 */
export function ownMediaRoot(directory: string, appDirectory: string): boolean {
  let parent: string;
  try {
    parent = realpathSync(dirname(directory));
  } catch {
    return false;
  }
  const real = join(parent, basename(directory));
  if (refusal(real, appDirectory) !== undefined || !isForData(real, appDirectory)) return false;
  // What was looked at is what changes hands: a link that has come since is not followed.
  return makeDirectory(parent, basename(directory)) && own(parent, basename(directory));
}

/** Whether it is there in the end: Django itself may make nothing in a directory of root's. */
function makeDirectory(parent: string, name: string): boolean {
  try {
    withDirectoryAt(parent, (fd) => mkdirSync(inDirectory(fd, name), { mode: MADE_MODE }));
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EEXIST";
  }
}

function isForData(path: string, appDirectory: string): boolean {
  const mounted = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) =>
      (line.split(" ")[4] ?? "/").replaceAll(/\\([0-7]{3})/g, (_, octal) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      ),
    )
    .filter((point) => point !== "/" && refusal(point, appDirectory) !== "which is the system's");
  return [...DATA, appDirectory, ...mounted].some((place) => path === place || path.startsWith(`${place}/`));
}

/** A tree that is right at the top was made right before: large volumes are not walked at each start. */
function ownTop(path: string, account: Account): void {
  const top = lstatSync(path);
  if (top.uid !== account.uid || top.gid !== account.gid) ownTree(path, account, top.isDirectory());
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
      // Taking ownership may have changed the mode.
      if (fstatSync(fd).mode !== mode) fchmodSync(fd, mode & MODE_BITS);
    });
  } catch (error) {
    if (!NO_DIRECTORY.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
