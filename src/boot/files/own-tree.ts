// Gives a directory to a user, with all that is in it, piece by piece: a volume may have millions of files, and signals and probes get
// their turn meanwhile.
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  lchownSync,
  lstatSync,
  opendirSync,
  readFileSync,
  type Stats,
} from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import type { Account } from "../../platform/credentials.ts";
import { inDirectory, openDirectory } from "../../platform/directory.ts";

const MODE_BITS = 0o7777;
/** Not a directory: a file, or a link in its place. */
const NO_DIRECTORY = ["ENOTDIR", "ELOOP"];
/** It was there: a container that is being replaced still works with its uploads. */
const GONE = "ENOENT";
/** Entries of a directory that are read at a time: one of uploads may have millions. */
const NAMES_AT_ONCE = 256;
/** Of entries: a few milliseconds. */
const MOST_IN_A_TURN = 1_000;
/** The kernel's own protection: without it, whoever may write to a directory can give any file a second name there. */
const PROTECTED_LINKS = "/proc/sys/fs/protected_hardlinks";

interface OpenDirectory {
  fd: number;
  /** As it was before it was opened. */
  status: Stats;
}

interface Owning {
  account: Account;
  signal: AbortSignal;
}

/** Errors: the system's own; the signal's reason, with the top as it was. */
export async function ownTree(top: OpenDirectory, { account, signal }: Owning): Promise<void> {
  const { uid, gid } = account;
  const isProtected = areLinksProtected();
  let done = 0;
  /** Another name of the file may lie anywhere, unless the kernel lets nobody make one for a file that is not his. */
  const hasOneName = (path: string): boolean => isProtected || lstatSync(path).nlink === 1;

  /**
   * Children first: an interrupted walk leaves the top unchanged, so the next start walks again. By descriptors: the owner of a
   * directory may replace it by a link during the walk. Sockets, pipes and devices are no uploads.
   */
  const walk = async (directory: OpenDirectory): Promise<void> => {
    try {
      await giveEntries(directory);
    } catch (error) {
      giveBack(directory);
      throw error;
    }
    giveBack(directory, account);
  };
  const giveEntries = async ({ fd }: OpenDirectory): Promise<void> => {
    const entries = opendirSync(inDirectory(fd), { bufferSize: NAMES_AT_ONCE });
    try {
      for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
        const path = inDirectory(fd, entry.name);
        if (entry.isDirectory()) await walkBelow(path);
        else
          unlessGone(() => {
            if (entry.isSymbolicLink() || (entry.isFile() && hasOneName(path))) lchownSync(path, uid, gid);
          });
        if (++done % MOST_IN_A_TURN === 0) await turn();
        signal.throwIfAborted();
      }
    } finally {
      entries.closeSync();
    }
  };
  const walkBelow = async (path: string): Promise<void> => {
    let below: OpenDirectory;
    try {
      below = openDirectory(path);
    } catch (error) {
      if ([...NO_DIRECTORY, GONE].includes((error as NodeJS.ErrnoException).code ?? "")) return;
      throw error;
    }
    try {
      await walk(below);
    } finally {
      closeSync(below.fd);
    }
  };
  await walk(top);
}

/** To open it may have changed its mode and its owner. In this order: without CAP_FOWNER root may change the mode of its own alone. */
function giveBack({ fd, status }: OpenDirectory, { uid, gid }: Pick<Stats, "uid" | "gid"> = status): void {
  const now = fstatSync(fd);
  if (now.mode !== status.mode) fchmodSync(fd, status.mode & MODE_BITS);
  if (now.uid !== uid || now.gid !== gid) fchownSync(fd, uid, gid);
}

function unlessGone(action: () => void): void {
  try {
    action();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== GONE) throw error;
  }
}

function areLinksProtected(): boolean {
  try {
    return readFileSync(PROTECTED_LINKS, "latin1").trim() !== "0";
  } catch {
    return false;
  }
}
