import { hash } from "node:crypto";
import { statSync } from "node:fs";
import { listNames, readUntrusted } from "../../base/untrusted-file.ts";

const ABSENT = "absent";
/** No source has that; and no directory of migrations has so many names. */
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_NAMES = 20_000;

/** What the list of migrations follows from. Paths are absolute; one that does not exist counts as such. */
export interface Inputs {
  files: string[];
  /** Files of which only the names, and what they replace, are of interest. */
  migrations: string[];
  directories: string[];
  variables: string[];
}

/**
 * One short hash for each input: a file by its content, a directory by the names in it, a variable by its value. Not by
 * times: layers of an image and checkouts of a repository do not keep them. Migrations, of which a project may have a
 * thousand, by their size: their directory tells the names, and what else counts is a list of replaced ones.
 */
export function fingerprint(
  { files, migrations, directories, variables }: Inputs,
  environment: NodeJS.ProcessEnv,
): Record<string, string> {
  const prints: Record<string, string> = {};
  for (const path of files) prints[path] = ofFile(path);
  for (const path of migrations) prints[path] = ofSize(path);
  for (const path of directories) prints[`${path}/`] = ofDirectory(path);
  for (const name of variables) prints[`variable ${name}`] = ofVariable(environment[name]);
  return prints;
}

function short(content: string | Buffer): string {
  return hash("sha256", content, "base64url").slice(0, 16);
}

function ofFile(path: string): string {
  try {
    return short(readUntrusted(path, { mostBytes: MOST_BYTES, followsLinks: true }));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === undefined ? "no file" : ABSENT;
  }
}

function ofSize(path: string): string {
  try {
    return String(statSync(path, { throwIfNoEntry: false })?.size ?? ABSENT);
  } catch {
    // What was a directory is a file now.
    return ABSENT;
  }
}

function ofDirectory(path: string): string {
  try {
    const names = listNames(path, MOST_NAMES).filter((name) => name !== "__pycache__");
    return short(names.sort().join("\0"));
  } catch {
    return ABSENT;
  }
}

function ofVariable(value: string | undefined): string {
  return value === undefined ? ABSENT : short(value);
}
