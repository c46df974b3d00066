import {
  closeSync,
  fchmodSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  type Stats,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { DjinitError } from "../../base/errors.ts";
import { DJANGO_USER } from "../../plan/paths.ts";
import { type Account, findAccount } from "../../platform/credentials.ts";
import { inDirectory, openDirectory, withDirectory, withDirectoryAt } from "../../platform/directory.ts";
import type { BootContext } from "../context.ts";
import { ownTree } from "./own-tree.ts";
import { refusal } from "./publishable.ts";

const MADE_MODE = 0o755;
/** No right for anybody but the owner. */
const CLOSED = 0o077;
/** Where nothing but data lies, by custom. Elsewhere only what has been mounted, or is the application's, changes hands. */
const DATA = ["/data", "/media", "/mnt", "/srv", "/storage", "/uploads", "/var/media", "/var/www", "/vol"];

export interface MediaWalk {
  /** It is not right yet, and a large one takes long. */
  onWalk: (path: string) => void;
  /** Ends it. The next start begins anew. */
  signal: AbortSignal;
}

/** Says so, for it may take hours. */
export function mediaWalk({
  log,
  observer,
  signal,
}: Pick<BootContext, "log" | "observer" | "signal">): MediaWalk {
  const onWalk = (path: string): void => {
    observer.onStepStarted("media-owner");
    log.info({ path }, `gives ${path} to user ${DJANGO_USER}, with all that is in it`);
  };
  return { onWalk, signal };
}

/**
 * Gives the media directories, with all that is in them, to user django where the owner is another. Links are changed
 * themselves and not followed. Errors: DJINIT_MEDIA_OWNER when the volume does not allow it; the signal's reason.
 */
export async function ownMediaDirectories(directories: readonly string[], walk: MediaWalk): Promise<void> {
  for (const directory of directories) {
    if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) continue;
    await own(realpathSync(dirname(directory)), basename(directory), walk, () => true);
  }
}

/** No link on the way is followed. False: `mayOwn` says no to what is there. Errors: DJINIT_MEDIA_OWNER, the signal's reason. */
async function own(
  parent: string,
  name: string,
  { onWalk, signal }: MediaWalk,
  mayOwn: (top: Stats) => boolean,
): Promise<boolean> {
  const account = findAccount(DJANGO_USER);
  const path = join(parent, name);
  try {
    const top = withDirectoryAt(parent, (fd) => takeTop(inDirectory(fd, name), account, mayOwn));
    if (typeof top === "boolean") return top;
    try {
      onWalk(path);
      await ownTree(top, { account, signal });
    } finally {
      closeSync(top.fd);
    }
    return true;
  } catch (error) {
    signal.throwIfAborted();
    throw new DjinitError(
      "DJINIT_MEDIA_OWNER",
      `cannot give ${path} to user ${DJANGO_USER}: ${(error as Error).message}`,
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
export async function ownMediaRoot(
  directory: string,
  appDirectory: string,
  { secrets, variable }: Reserve,
  walk: MediaWalk,
): Promise<boolean> {
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
    own(parent, name, walk, (top) => {
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
    .filter((point) => point !== "/");
  const holds = (place: string): boolean => path === place || path.startsWith(`${place}/`);
  // Other mounts need not be looked at: files, or a file system that does not answer.
  const isData = (point: string): boolean => refusal(point, appDirectory) !== "which is the system's";
  return [...DATA, appDirectory].some(holds) || mounted.filter(holds).some(isData);
}

/** True: nothing is left to do. A tree that is right at the top was made right before: large volumes are not walked at each start. */
function takeTop(
  path: string,
  account: Account,
  mayOwn: (top: Stats) => boolean,
): boolean | { fd: number; status: Stats } {
  const top = lstatSync(path);
  if (top.uid === account.uid && top.gid === account.gid) return true;
  if (!mayOwn(top)) return false;
  if (top.isDirectory()) return openDirectory(path);
  lchownSync(path, account.uid, account.gid);
  return true;
}
