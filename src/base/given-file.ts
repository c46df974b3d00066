// Files that the operator names: they may lie anywhere, and be links, as Kubernetes mounts them. Where root reads them for
// others, whoever may change a link on the way must not choose what is read: it has to be a file of that user's own.
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  type Stats,
  statSync,
} from "node:fs";
import { resolve } from "node:path";
import { listNames, openUntrusted, readAll } from "./untrusted-file.ts";

const O_PATH = 0o10_000_000;
const DIRECTORY = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** As many as the kernel follows. */
const MOST_LINKS = 40;
/** Of a directory in which everybody may rename what is not theirs. */
const ANYBODY = -1;

/** A file that says which other files are to be read. */
export interface NamingFile {
  content: Buffer;
  /** Users besides root who may have written it. */
  writers: number[];
}

export interface GivenFiles {
  /**
   * `guides`: users who may have chosen the path. Such a file has to be the guide's own, or one that everybody may read.
   * Errors: the system's own, or one that says that it is no regular file, too large, or not to be trusted.
   */
  read: (path: string, mostBytes: number, guides?: readonly number[]) => Buffer;
  /** Errors: those of `read`. */
  readNaming: (path: string, mostBytes: number) => NamingFile;
  /** The names of the regular files in a directory, in order. Errors: the system's own; more files than `most`. */
  list: (directory: string, most: number) => string[];
}

/** Without root, what is read is read for nobody else. */
export const GIVEN_FILES: GivenFiles = {
  read: (path, mostBytes, guides) =>
    readAll(
      process.geteuid?.() === 0 ? openGiven(path, guides) : openUntrusted(path, { followsLinks: true }),
      mostBytes,
    ),
  readNaming: (path, mostBytes) => {
    if (process.geteuid?.() === 0) return readNaming(openGiven(path), mostBytes);
    return readNaming({ ...openUntrusted(path, { followsLinks: true }), writers: [] }, mostBytes);
  },
  list: listFiles,
};

/** A file that was chosen by somebody who may not choose it. */
export class Misled extends Error {}

export interface OpenFile {
  fd: number;
  size: number;
  /** Users besides root who may have written it. */
  writers: number[];
}

/** All of an open file, which is closed. Errors: as those of `read`. */
export function readNaming(file: OpenFile, mostBytes: number): NamingFile {
  return { content: readAll(file, mostBytes), writers: file.writers };
}

/** For a reader with root's rights. Errors: as those of `read`. */
export function openGiven(path: string, guides: readonly number[] = []): OpenFile {
  const opened: number[] = [];
  try {
    return walk(resolve(path), opened, guides);
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof Misled) throw error;
    throw new Error(message.replaceAll(/\/proc\/self\/fd\/\d+\/[^']*/g, path));
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

function walk(path: string, opened: number[], namedBy: readonly number[]): OpenFile {
  const open = (name: string): number => {
    const fd = openSync(name, DIRECTORY);
    opened.push(fd);
    return fd;
  };
  const root = open("/");
  const way = [root];
  /** Users who may have chosen where the way leads. */
  const guides = new Set<number>();
  /** Users who may have laid the file there. */
  const writers = new Set<number>();
  let isForAll = true;
  const left = path.split("/");
  for (let links = 0; ; ) {
    const name = left.shift() ?? ".";
    const directory = way.at(-1) as number;
    const isLast = left.every((it) => it === "" || it === ".");
    if (name === ".." && way.length > 1) way.pop();
    if (name === "" || name === "." || name === "..") {
      if (left.length === 0) throw new Error("it is a directory, not a file");
      continue;
    }
    const at = `/proc/self/fd/${directory}/${name}`;
    const status = lstatSync(at);
    const directoryStatus = fstatSync(directory);
    for (const uid of writersOf(directoryStatus)) writers.add(uid);
    isForAll &&= (directoryStatus.mode & 0o001) !== 0;
    if (status.isSymbolicLink()) {
      if (++links > MOST_LINKS) throw new Error("ELOOP: too many links");
      for (const uid of [status.uid, ...writersOf(directoryStatus)]) guides.add(uid);
      const target = readlinkSync(at);
      if (target.startsWith("/")) way.length = 1;
      left.unshift(...target.split("/"));
    } else if (isLast) return openLast(at, directory, { guides, writers, namedBy, isForAll });
    else way.push(open(at));
  }
}

interface Way {
  guides: Set<number>;
  writers: Set<number>;
  namedBy: readonly number[];
  /** Everybody may go there. */
  isForAll: boolean;
}

function openLast(at: string, directory: number, way: Way): OpenFile {
  const { guides, writers } = way;
  const file = openUntrusted(at);
  const { nlink, uid: owner, mode } = fstatSync(file.fd);
  // A second name of somebody else's file is as good as a link to it.
  if (nlink > 1) for (const uid of writersOf(fstatSync(directory))) guides.add(uid);
  for (const uid of [owner, ...((mode & 0o022) === 0 ? [] : [ANYBODY])]) writers.add(uid);
  const isStranger = (uid: number): boolean => uid !== 0 && uid !== owner;
  const guide = [...guides].find(isStranger);
  const namer = way.isForAll && (mode & 0o004) !== 0 ? undefined : way.namedBy.find(isStranger);
  if (guide === undefined && namer === undefined)
    return { ...file, writers: [...writers].filter((uid) => uid !== 0) };
  closeSync(file.fd);
  throw new Misled(
    guide === undefined
      ? `${whoIs(namer)} may write the env file that names it, and it is a file of user ${owner}'s, not for everybody: name it in the container's own environment, or let root alone write that env file and its directory`
      : `${whoIs(guide)} may change where it leads, and it leads to a file of user ${owner}'s: name that file itself`,
  );
}

function whoIs(uid: number | undefined): string {
  return uid === ANYBODY ? "anybody" : `user ${uid}`;
}

/** Who besides root may put another file or link in the place of one in there. */
function writersOf({ gid, mode, uid }: Stats): number[] {
  const isShared = (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0);
  const isSticky = (mode & 0o1000) !== 0;
  return isShared && !isSticky ? [uid, ANYBODY] : [uid];
}

function listFiles(directory: string, most: number): string[] {
  const names = listNames(directory, most + 1);
  if (names.length > most) throw new Error(`it has more than ${most} files`);
  return names.filter((name) => isFile(`${directory}/${name}`)).sort();
}

/** What cannot be looked at counts as one: whoever reads it says why. */
function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ELOOP";
  }
}
