// What the kernel does not say of a script that it cannot run: «No such file or directory» is about its interpreter, and the file is there.
import { lstatSync, readlinkSync, statSync } from "node:fs";
import { readBeginning } from "../base/untrusted-file.ts";

/** Of the first line; the kernel reads no more. */
const MOST_BYTES = 256;
const FIRST_LINE = /^#![ \t]*([^ \t\n\r\0]+)([^\n\0]*)/;

/** Why the kernel does not run this file; undefined: it has nothing to say against it, or it is no script. */
export function findInterpreterProblem(file: string): string | undefined {
  const [, interpreter, rest = ""] = FIRST_LINE.exec(beginningOf(file)) ?? [];
  if (!interpreter?.startsWith("/")) return undefined;
  // After an option some programs take no notice of it.
  const isNamed = rest === "\r" || interpreter.endsWith("/env");
  if (isNamed && rest.endsWith("\r"))
    return "its first line ends in CR LF, as on Windows: save it with LF (`* text=auto eol=lf` in .gitattributes)";
  const missing = missingPart(interpreter);
  return missing === undefined ? undefined : `its first line names ${missing}`;
}

/** A file, or a link to none, in words; undefined: it is there. */
function missingPart(path: string): string | undefined {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return undefined;
  return `${path}, which ${whyMissing(path)}`;
}

/** Completes «it …», of a path that leads to no file. */
export function whyMissing(path: string): string {
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  return isLink ? `leads to ${readlinkSync(path)}, which is not in the image` : "is not in the image";
}

function beginningOf(file: string): string {
  try {
    // Programs are often links.
    return readBeginning(file, { mostBytes: MOST_BYTES, followsLinks: true }).toString("latin1");
  } catch {
    return "";
  }
}
