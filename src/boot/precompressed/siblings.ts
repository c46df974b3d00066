// What lies beside a static file: the same content, compressed before anybody asks for it. nginx takes it without looking at either.
import { constants as zlibConstants } from "node:zlib";

/** Lies in a directory whose siblings `djinit precompress` has looked at. It goes with the directory into a volume or another image. */
export const MARKER = ".djinit-precompressed";

export type Encoding = "gzip" | "brotli";

/** By nginx's words. gzip first: what it gains little from gains little from brotli. */
export const SUFFIX: Readonly<Record<Encoding, string>> = { gzip: ".gz", brotli: ".br" };
export const ENCODINGS = Object.keys(SUFFIX) as readonly Encoding[];

export const GZIP_OPTIONS = { level: 9, memLevel: 9 };
export const BROTLI_OPTIONS = {
  params: { [zlibConstants.BROTLI_PARAM_QUALITY]: 11, [zlibConstants.BROTLI_PARAM_LGWIN]: 22 },
};

/** Below this nginx compresses nothing either: the headers are as long. */
export const LEAST_BYTES = 1_024;
/** Read as a whole, one for each processor at the same time. */
export const MOST_BYTES = 32 * 1_024 * 1_024;
/** A sibling that is larger than this part of its file is not worth a place. */
export const WORTH = 0.95;

/** Formats that are compressed by themselves. */
const COMPRESSED =
  /\.(7z|aac|apng|avif|br|bz2|flac|gif|gz|heic|jpe?g|jxl|lz4|m4[av]|mkv|mov|mp[34]|mpe?g|og[agv]|opus|png|rar|tbz2?|tgz|web[mp]|whl|wmv|woff2?|xz|zip|zst)$/i;
/** What nginx gives to nobody: a sibling would have another name. */
const HIDDEN = /^\.|~$|\.(bak|orig|rej|sw[nop])$|^staticfiles\.json$/i;

/** `path` below the root. */
export function isCompressible(path: string): boolean {
  const names = path.split("/");
  if (names.some((name) => HIDDEN.test(name)) || path === "CACHE/manifest.json") return false;
  return !COMPRESSED.test(path);
}

/** The name of the file that this may be a sibling of. */
export function originalOf(name: string): string | undefined {
  return /^(.+)\.(gz|br)$/.exec(name)?.[1];
}

/** A sibling has its file's time. In seconds: images keep no more. */
export function isSameTime(one: { mtimeMs: number }, other: { mtimeMs: number }): boolean {
  return Math.floor(one.mtimeMs / 1_000) === Math.floor(other.mtimeMs / 1_000);
}
