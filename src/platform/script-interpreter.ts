// What the kernel does not say of a script that it cannot run: «No such file or directory» is about its interpreter, and the file is there.
import { readlinkSync, statSync } from "node:fs";
import { readBeginning } from "../base/untrusted-file.ts";

/** Of the first line; the kernel reads no more. */
const MOST_BYTES = 256;
/** Of what lies in a directory that others may not enter. */
export const CLOSED = "is closed to this user";
const FIRST_LINE = /^#![ \t]*([^ \t\n\r\0]+)([^\n\0]*)/;

/** Why the kernel does not run this file; undefined: it has nothing to say against it, or it is no script. */
export function findInterpreterProblem(file: string): string | undefined {
  const [, interpreter, rest = ""] = FIRST_LINE.exec(beginningOf(file)) ?? [];
  if (!interpreter?.startsWith("/")) return undefined;
  // After an option some programs take no notice of it, and `env -S` takes it for a space.
  const isNamed = rest === "\r" || (interpreter.endsWith("/env") && !/^[ \t]*-/.test(rest));
  if (isNamed && rest.endsWith("\r"))
    return "its first line ends in CR LF, as on Windows: save it with LF (`* text=auto eol=lf` in .gitattributes)";
  const missing = missingPart(interpreter);
  return missing === undefined ? undefined : `its first line names ${missing}`;
}

/** A file, or a link to none, in words; undefined: it is there, or whoever runs it may reach it where this process may not. */
function missingPart(path: string): string | undefined {
  const why = whyMissing(path);
  return why === undefined || why.endsWith(CLOSED) ? undefined : `${path}, which ${why}`;
}

/** Completes «it …», of a path that leads to no file, or to one that this process's user cannot reach; undefined: it is there. */
export function whyMissing(path: string): string | undefined {
  const why = outcomeOf(() => statSync(path));
  if (why === undefined) return undefined;
  const target = linkOf(path);
  return target === undefined ? why : `leads to ${target}, which ${why}`;
}

/** uv, run by root, keeps its Pythons in /root, which is closed to others. */
function outcomeOf(look: () => unknown): string | undefined {
  try {
    look();
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES" ? CLOSED : "is not in the image";
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    // It is none, or not to be seen.
    return undefined;
  }
}

function beginningOf(file: string): string {
  try {
    // Programs are often links.
    return readBeginning(file, { mostBytes: MOST_BYTES, followsLinks: true }).toString("latin1");
  } catch {
    return "";
  }
}
