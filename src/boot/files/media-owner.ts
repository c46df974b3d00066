import {
  fchmodSync,
  fstatSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  opendirSync,
  readFileSync,
  realpathSync,
  type Stats,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { DjinitError } from "../../base/errors.ts";
import { DJANGO_USER } from "../../plan/paths.ts";
import { type Account, findAccount } from "../../platform/credentials.ts";
import { inDirectory, withDirectory, withDirectoryAt } from "../../platform/directory.ts";
import { refusal } from "./publishable.ts";

const MODE_BITS = 0o7777;
const MADE_MODE = 0o755;
/** No right for anybody but the owner. */
const CLOSED = 0o077;
/** Not a directory: a file, or a link in its place. */
const NO_DIRECTORY = ["ENOTDIR", "ELOOP"];
/** Entries of a directory that are read at a time: one of uploads may have millions. */
const NAMES_AT_ONCE = 256;
/** The kernel's own protection: without it, whoever may write to a directory can give any file a second name there. */
const PROTECTED_LINKS = "/proc/sys/fs/protected_hardlinks";
/** Where nothing but data lies, by custom. Elsewhere only what has been mounted, or is the application's, changes hands. */
const DATA = ["/data", "/media", "/mnt", "/srv", "/storage", "/uploads", "/var/media", "/var/www", "/vol"];

/**
 * Gives the media directories, with all that is in them, to user django where the owner is another. Links are changed
 * themselves and not followed. Errors: DJINIT_MEDIA_OWNER when the volume does not allow it.
 */
export function ownMediaDirectories(directories: readonly string[]): void {
  for (const directory of directories) {
    if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) continue;
    own(realpathSync(dirname(directory)), basename(directory), () => true);
  }
}

/** No link on the way is followed. False: `mayOwn` says no to what is there. Errors: DJINIT_MEDIA_OWNER. */
function own(parent: string, name: string, mayOwn: (top: Stats) => boolean): boolean {
  const django = findAccount(DJANGO_USER);
  try {
    return withDirectoryAt(parent, (fd) => ownTop(inDirectory(fd, name), django, mayOwn));
  } catch (error) {
    throw new DjinitError(
      "DJINIT_MEDIA_OWNER",
      `cannot give ${join(parent, name)} to user ${DJANGO_USER}: ${(error as Error).message}`,
    );
  }
}

/** What may not change hands, and who says that it should. */
export interface Reserve {
  /** Where the operator's secrets lie (secret-places.ts). */
  secrets: readonly string[];
  /** The variable in which the operator himself names a directory, where it is the settings that do; undefined: he has. */
  variable: string | undefined;
}

/**
 * The same for MEDIA_ROOT, which is made if need be: where it is clearly a place for data, since the settings are the
 * application's to make. They must not get it what is kept from it. False: it stays as it is. Errors: DJINIT_MEDIA_OWNER, which
 * says what else is there.
 */
export function ownMediaRoot(
  directory: string,
  appDirectory: string,
  { secrets, variable }: Reserve,
): boolean {
  let parent: string;
  try {
    parent = realpathSync(dirname(directory));
  } catch {
    return false;
  }
  const name = basename(directory);
  const real = join(parent, name);
  if (refusal(real, appDirectory) !== undefined || !isForData(real, appDirectory)) return false;
  const refuse = (cause: string): never => {
    throw new Error(cause);
  };
  // What was looked at is what changes hands: a link that has come since is not followed.
  return (
    makeDirectory(parent, name) &&
    own(parent, name, (top) => {
      if (!top.isDirectory()) return false;
      const secret = secrets.find((place) => overlaps(place, real));
      if (secret !== undefined) refuse(`secrets lie in ${secret}: give uploads a directory of their own`);
      if (variable !== undefined && (top.mode & CLOSED) === 0)
        refuse(
          `user ${top.uid} keeps it to himself, and only the settings name it: set ${variable} if it is meant`,
        );
      return true;
    })
  );
}

function overlaps(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}

/** Whether it is there in the end: Django itself may make nothing in a directory of root's. */
function makeDirectory(parent: string, name: string): boolean {
  try {
    withDirectoryAt(parent, (fd) => {
      const path = inDirectory(fd, name);
      mkdirSync(path, { mode: MADE_MODE });
      // Whatever the umask.
      withDirectory(path, (made) => fchmodSync(made, MADE_MODE));
    });
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
function ownTop(path: string, account: Account, mayOwn: (top: Stats) => boolean): boolean {
  const top = lstatSync(path);
  if (top.uid === account.uid && top.gid === account.gid) return true;
  if (!mayOwn(top)) return false;
  ownTree(path, { account, areLinksProtected: areLinksProtected() }, top);
  return true;
}

interface Owning {
  account: Account;
  areLinksProtected: boolean;
}

/**
 * Children first: an interrupted walk leaves the top unchanged, so the next start walks again. By descriptors: the owner of a
 * directory may replace it by a link during the walk. Sockets, pipes and devices are no uploads.
 */
function ownTree(
  path: string,
  owning: Owning,
  kind: Pick<Stats, "isDirectory" | "isFile" | "isSymbolicLink">,
): void {
  if (kind.isDirectory()) ownChildren(path, owning);
  else if (!kind.isSymbolicLink() && !(kind.isFile() && hasOneName(path, owning))) return;
  lchownSync(path, owning.account.uid, owning.account.gid);
}

/** Another name of the file may lie anywhere, unless the kernel lets nobody make one for a file that is not his. */
function hasOneName(path: string, { areLinksProtected }: Owning): boolean {
  return areLinksProtected || lstatSync(path).nlink === 1;
}

function areLinksProtected(): boolean {
  try {
    return readFileSync(PROTECTED_LINKS, "latin1").trim() !== "0";
  } catch {
    return false;
  }
}

function ownChildren(path: string, owning: Owning): void {
  try {
    withDirectory(path, (fd, { mode }) => {
      const entries = opendirSync(inDirectory(fd), { bufferSize: NAMES_AT_ONCE });
      try {
        for (let entry = entries.readSync(); entry !== null; entry = entries.readSync())
          ownTree(inDirectory(fd, entry.name), owning, entry);
      } finally {
        entries.closeSync();
      }
      // Taking ownership may have changed the mode.
      if (fstatSync(fd).mode !== mode) fchmodSync(fd, mode & MODE_BITS);
    });
  } catch (error) {
    if (!NO_DIRECTORY.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
