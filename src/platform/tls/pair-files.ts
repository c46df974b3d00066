// The pair where nginx finds it: a copy, because nginx may not read what is root's alone, and because it is to find the last
// good pair whenever it starts, whatever becomes of the files that were given.
import { chmodSync, renameSync } from "node:fs";
import type { GivenFiles } from "../../base/given-file.ts";
import { findAccount } from "../credentials.ts";
import { withFilesOf } from "../libc.ts";
import { writeNewFile } from "../new-file.ts";
import type { PairText } from "./pair.ts";

/** Chains of certificates have some 10 KiB. */
export const MOST_BYTES = 256 * 1024;

export interface PairPaths {
  certificate: string;
  key: string;
}

/** Returns what cannot be read, each with the system's message. */
export function readPairText(
  paths: PairPaths,
  files: GivenFiles,
): PairText | { of: keyof PairPaths; problem: string }[] {
  const read = (["certificate", "key"] as const).map((of) => {
    try {
      return { of, text: files.read(paths[of], MOST_BYTES).toString("latin1") };
    } catch (error) {
      return { of, problem: `which cannot be read: ${(error as Error).message}` };
    }
  });
  const problems = read.flatMap(({ of, problem }) => (problem === undefined ? [] : [{ of, problem }]));
  if (problems.length > 0) return problems;
  const [certificate = "", key = ""] = read.map(({ text }) => text);
  return { certificate, key };
}

/**
 * Replaces the file at once. `reader`: nginx's user, where it is not this process's; its group, which nobody else is in, may read.
 * In a directory in which only this process writes. Errors: the system's own.
 */
export function writePair(path: string, text: string, reader: string | undefined): void {
  const draft = `${path}.new`;
  const write = (): void => {
    writeNewFile(draft, text, { mode: 0o600 });
    if (reader !== undefined) chmodSync(draft, 0o640);
    renameSync(draft, path);
  };
  if (reader === undefined) return write();
  withFilesOf({ uid: process.geteuid?.() ?? 0, gid: findAccount(reader).gid }, write);
}
