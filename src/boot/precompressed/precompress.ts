// All files below a directory, several at a time.
import { closeSync, constants, openSync, writeFileSync } from "node:fs";
import { inDirectory } from "../../platform/directory.ts";
import { type Count, NOTHING, renewSiblings } from "./renew-siblings.ts";
import { isCompressible, MARKER, originalOf } from "./siblings.ts";
import { findFiles, withDirectoryOf } from "./tree.ts";

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY;
const MARK = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface Precompressing {
  root: string;
  /** Uploads below it, by their paths there. */
  skips: readonly string[];
  /** False: what is out of date is removed, and nothing is written but times. */
  compresses: boolean;
  /** So many at a time. */
  processors: number;
}

export interface Precompressed extends Count {
  files: number;
  links: number;
}

/** Errors: the system's own; the first file that cannot be done ends it. */
export async function precompress({
  root,
  skips,
  compresses,
  processors,
}: Precompressing): Promise<Precompressed> {
  const rootFd = openSync(root, DIRECTORY);
  try {
    const { files, links } = findFiles(rootFd, skips);
    const total = { ...NOTHING };
    const names = new Set(files);
    const waiting = files.filter((path) => {
      const original = originalOf(path);
      if (original !== undefined && names.has(original)) return false;
      return isCompressible(path) || names.has(`${path}.gz`) || names.has(`${path}.br`);
    });
    const next = async (): Promise<void> => {
      for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
        const isToCompress = compresses && isCompressible(path);
        const count = await withDirectoryOf(rootFd, path, (fd, name) =>
          renewSiblings(fd, name, isToCompress),
        );
        for (const key of Object.keys(total) as (keyof Count)[]) total[key] += count[key];
      }
    };
    await Promise.all(Array.from({ length: processors }, next));
    // Last: what is not finished is not marked.
    if (compresses) mark(rootFd);
    return { ...total, files: files.length, links };
  } finally {
    closeSync(rootFd);
  }
}

function mark(rootFd: number): void {
  const fd = openSync(inDirectory(rootFd, MARKER), MARK, 0o644);
  try {
    writeFileSync(fd, "");
  } finally {
    closeSync(fd);
  }
}
