// The files below a directory, by descriptors: who may write there can put a link in a directory's place at any moment.
import { closeSync, constants, openSync, readdirSync } from "node:fs";
import { inDirectory } from "../../platform/directory.ts";

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

export interface Found {
  /** By their paths below the directory. */
  files: string[];
  /** So many were met, and none is followed: what they lead to may be anybody's. */
  links: number;
}

/** `skips` are directories by their paths below it. Errors: the system's own. */
export function findFiles(rootFd: number, skips: readonly string[]): Found {
  const found: Found = { files: [], links: 0 };
  walk(rootFd, "", skips, found);
  return found;
}

function walk(fd: number, prefix: string, skips: readonly string[], found: Found): void {
  for (const entry of readdirSync(inDirectory(fd), { withFileTypes: true })) {
    const path = prefix + entry.name;
    if (entry.isSymbolicLink()) found.links += 1;
    else if (entry.isFile()) found.files.push(path);
    else if (entry.isDirectory() && !skips.includes(path)) {
      const below = openSync(inDirectory(fd, entry.name), DIRECTORY);
      try {
        walk(below, `${path}/`, skips, found);
      } finally {
        closeSync(below);
      }
    }
  }
}

/** Lets `work` have the open directory of a file, and the file's name in it. Errors: the system's own, ELOOP or ENOTDIR of a link. */
export async function withDirectoryOf<T>(
  rootFd: number,
  path: string,
  work: (fd: number, name: string) => Promise<T>,
): Promise<T> {
  const names = path.split("/");
  const name = names.pop() as string;
  let fd = openSync(inDirectory(rootFd), DIRECTORY & ~constants.O_NOFOLLOW);
  try {
    for (const directory of names) {
      const below = openSync(inDirectory(fd, directory), DIRECTORY);
      closeSync(fd);
      fd = below;
    }
    return await work(fd, name);
  } finally {
    closeSync(fd);
  }
}
