// Files that somebody else can write, such as the application. A pipe would block for ever, a sparse file would take all
// memory, a link would lead elsewhere. In `base`, since `config`, which reads the variables' files, imports no other room.
import { closeSync, constants, fstatSync, opendirSync, openSync, readSync, type Stats } from "node:fs";

/** Node adds `O_CLOEXEC` itself. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
/** Names read from a directory at a time: more would only take more memory. */
const NAMES_AT_ONCE = 256;

export interface FileRules {
  /** Larger ones are refused. */
  mostBytes: number;
  /** For files of the operator: Kubernetes mounts secrets and configuration as links. Without it, no link is followed. */
  followsLinks?: boolean;
}

/**
 * Reads a regular file without ever blocking. Errors: the system's own, or one that says that it is no regular file or too
 * large.
 */
export function readUntrusted(path: string, rules: FileRules): Buffer {
  return readAll(openUntrusted(path, rules), rules.mostBytes);
}

/** All of an open file, which is closed. Errors: one that says that it is too large. */
export function readAll({ fd, size }: { fd: number; size: number }, mostBytes: number): Buffer {
  try {
    if (size > mostBytes) throw tooLarge(mostBytes);
    // One byte more, to notice a file that has grown.
    const data = readAtMost(fd, mostBytes + 1, size);
    if (data.length > mostBytes) throw tooLarge(mostBytes);
    return data;
  } finally {
    closeSync(fd);
  }
}

/** The same, but only the beginning of a file that is too large. Errors: as above. */
export function readBeginning(path: string, rules: FileRules): Buffer {
  const { fd, size } = openUntrusted(path, rules);
  try {
    return readAtMost(fd, rules.mostBytes, size);
  } finally {
    closeSync(fd);
  }
}

/** Opens a regular file for reading. Errors: the system's own, or one that says that it is no regular file. */
export function openUntrusted(path: string, { followsLinks = false }: Pick<FileRules, "followsLinks"> = {}) {
  const fd = openSync(path, followsLinks ? READ : READ | constants.O_NOFOLLOW);
  const status = fstatSync(fd);
  if (status.isFile()) return { fd, size: status.size };
  closeSync(fd);
  throw new Error(`it is ${kindOf(status)}, not a file`);
}

/** The first names in a directory, in no particular order. Errors: the system's own. */
export function listNames(directory: string, most: number): string[] {
  const names: string[] = [];
  const open = opendirSync(directory, { bufferSize: NAMES_AT_ONCE });
  try {
    for (let entry = open.readSync(); entry !== null && names.length < most; entry = open.readSync())
      names.push(entry.name);
  } finally {
    open.closeSync();
  }
  return names;
}

function readAtMost(fd: number, mostBytes: number, size: number): Buffer {
  const data = Buffer.alloc(Math.min(mostBytes, size + 1));
  let filled = 0;
  while (filled < data.length) {
    const count = readSync(fd, data, filled, data.length - filled, filled);
    if (count === 0) break;
    filled += count;
  }
  return data.subarray(0, filled);
}

function tooLarge(mostBytes: number): Error {
  return new Error(`it is larger than ${mostBytes / 1024} KiB`);
}

function kindOf(status: Stats): string {
  if (status.isFIFO()) return "a pipe";
  if (status.isDirectory()) return "a directory";
  if (status.isSocket()) return "a socket";
  return "a device";
}
