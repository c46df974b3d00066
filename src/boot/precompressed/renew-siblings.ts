// One file and what lies beside it: afterwards every sibling has the file's content and time, or is gone.
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  lstatSync,
  lutimesSync,
  openSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { promisify } from "node:util";
import { brotliCompress, brotliDecompress, gunzip, gzip } from "node:zlib";
import { openUntrusted, readAll } from "../../base/untrusted-file.ts";
import { inDirectory } from "../../platform/directory.ts";
import {
  BROTLI_OPTIONS,
  ENCODINGS,
  type Encoding,
  GZIP_OPTIONS,
  isSameTime,
  LEAST_BYTES,
  MOST_BYTES,
  SUFFIX,
  WORTH,
} from "./siblings.ts";

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const MODE_BITS = 0o777;

export interface Count {
  written: number;
  kept: number;
  removed: number;
  /** Of files that have a sibling, and of the smallest sibling of each. */
  bytes: number;
  compressedBytes: number;
}

export const NOTHING: Count = { written: 0, kept: 0, removed: 0, bytes: 0, compressedBytes: 0 };

/** A file that is being looked at: its open directory, its name, and what it was when it was read. */
interface File {
  fd: number;
  name: string;
  status: Stats;
  content: Buffer;
}

const COMPRESS: Record<Encoding, (content: Buffer) => Promise<Buffer>> = {
  gzip: (content) => promisify<Buffer, object, Buffer>(gzip)(content, GZIP_OPTIONS),
  brotli: (content) => promisify<Buffer, object, Buffer>(brotliCompress)(content, BROTLI_OPTIONS),
};
const EXPAND: Record<Encoding, (content: Buffer, most: object) => Promise<Buffer>> = {
  gzip: promisify<Buffer, object, Buffer>(gunzip),
  brotli: promisify<Buffer, object, Buffer>(brotliDecompress),
};

/**
 * `compresses`: writes those that are missing and worth it. Siblings of somebody else's that have the right content stay as they
 * are. Errors: the system's own.
 */
export async function renewSiblings(fd: number, name: string, compresses: boolean): Promise<Count> {
  const count = { ...NOTHING };
  const present = ENCODINGS.filter((encoding) => isThere(fd, name + SUFFIX[encoding]));
  if (present.length === 0 && !compresses) return count;
  const file = readFile(fd, name);
  if (file === undefined) return removeAll(fd, name, present, count);
  const sizes: number[] = [];
  for (const encoding of ENCODINGS) {
    const sibling = name + SUFFIX[encoding];
    const kept = present.includes(encoding) ? await keep(file, sibling, encoding) : undefined;
    // nginx's ETag is time and size: two encodings of one file may not have the same.
    if (kept !== undefined && !sizes.includes(kept)) {
      sizes.push(kept);
      count.kept += 1;
      continue;
    }
    const isWanted = compresses && kept === undefined && (encoding === "gzip" || sizes.length > 0);
    const made = isWanted ? await worthOf(file.content, encoding) : undefined;
    if (made !== undefined && !sizes.includes(made.length)) {
      write(file, sibling, made);
      sizes.push(made.length);
      count.written += 1;
    } else if (present.includes(encoding)) {
      unlinkSync(inDirectory(fd, sibling));
      count.removed += 1;
    }
  }
  if (sizes.length > 0) {
    count.bytes = file.content.length;
    count.compressedBytes = Math.min(...sizes);
  }
  return count;
}

function isThere(fd: number, name: string): boolean {
  return lstatSync(inDirectory(fd, name), { throwIfNoEntry: false }) !== undefined;
}

/** Undefined: it is too large, or gone. */
function readFile(fd: number, name: string): File | undefined {
  let open: { fd: number; size: number };
  try {
    open = openUntrusted(inDirectory(fd, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  if (open.size > MOST_BYTES) {
    closeSync(open.fd);
    return undefined;
  }
  const status = fstatSync(open.fd);
  return { fd, name, status, content: readAll(open, MOST_BYTES) };
}

/** What nobody can compare with its file may be anything. */
function removeAll(fd: number, name: string, present: readonly Encoding[], count: Count): Count {
  for (const encoding of present) unlinkSync(inDirectory(fd, name + SUFFIX[encoding]));
  return { ...count, removed: present.length };
}

/** Its size, if it has the file's content; it gets the file's time. */
async function keep(
  { fd, status, content }: File,
  sibling: string,
  encoding: Encoding,
): Promise<number | undefined> {
  let open: { fd: number; size: number };
  try {
    open = openUntrusted(inDirectory(fd, sibling));
  } catch {
    // A link, or something else that is no file.
    return undefined;
  }
  const own = fstatSync(open.fd);
  // Its end is no file's of this size: `readAll` would refuse what is larger.
  if (open.size > content.length) {
    closeSync(open.fd);
    return undefined;
  }
  const compressed = readAll(open, content.length);
  try {
    const expanded = await EXPAND[encoding](compressed, { maxOutputLength: content.length + 1 });
    if (!expanded.equals(content)) return undefined;
  } catch {
    return undefined;
  }
  if (!isSameTime(own, status)) setTime(inDirectory(fd, sibling), status);
  return compressed.length;
}

/** Another user's, or on what is only read: a start looks at the content again, and finds it right. */
function setTime(path: string, { atime, mtime }: Stats): void {
  try {
    lutimesSync(path, atime, mtime);
  } catch (error) {
    if (!["EPERM", "EACCES", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

async function worthOf(content: Buffer, encoding: Encoding): Promise<Buffer | undefined> {
  if (content.length < LEAST_BYTES) return undefined;
  const made = await COMPRESS[encoding](content);
  return made.length <= content.length * WORTH ? made : undefined;
}

/** In one step: nobody sees half of it. It belongs to whom the file belongs to, and is as readable. */
function write({ fd, name, status }: File, sibling: string, content: Buffer): void {
  const unfinished = inDirectory(fd, `.${name}.djinit-${process.pid}`);
  const made = openSync(unfinished, CREATE, 0o600);
  try {
    try {
      writeFileSync(made, content);
      if (process.getuid?.() === 0) fchownSync(made, status.uid, status.gid);
      fchmodSync(made, status.mode & MODE_BITS);
      futimesSync(made, status.atime, status.mtime);
    } finally {
      closeSync(made);
    }
    renameSync(unfinished, inDirectory(fd, sibling));
  } catch (error) {
    unlinkSync(unfinished);
    throw error;
  }
}
