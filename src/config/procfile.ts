// The Procfile, as honcho, foreman and Heroku read it: one `NAME: COMMAND` a line.
import { join } from "node:path";
import { readUntrusted } from "../base/untrusted-file.ts";
import type { Problem } from "./problem.ts";

export interface ProcfileEntry {
  name: string;
  /** For a shell. */
  command: string;
  lineNumber: number;
}

export interface Procfile {
  path: string;
  entries: ProcfileEntry[];
  /** What is wrong with it. It matters only to a container that uses an entry. */
  problems: Problem[];
}

/** What foreman takes. A dot separates the number of a process. */
export const PROCESS_NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,62}$/;

const MOST_BYTES = 64 * 1024;
/** More of a line could be a secret. */
const MOST_SHOWN = 32;

/** The Procfile in the application's directory. The image's builder writes it, but user django may be able to. */
export function readProcfile(appDirectory: string): Procfile {
  const path = join(appDirectory, "Procfile");
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(
      readUntrusted(path, { mostBytes: MOST_BYTES }),
    );
    return { path, ...parseProcfile(text) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // ENOTDIR: so is a directory that is not there.
    if (code === "ENOENT" || code === "ENOTDIR") return { path, entries: [], problems: [] };
    const cause =
      code === "ELOOP"
        ? "it is a link"
        : code === "ERR_ENCODING_INVALID_ENCODED_DATA"
          ? "it is not UTF-8"
          : message;
    const problem = `${path} cannot be read: ${cause}`;
    return { path, entries: [], problems: [{ variable: "Procfile", problem }] };
  }
}

/** Empty lines and those that begin with # say nothing. */
export function parseProcfile(text: string): Omit<Procfile, "path"> {
  const entries: ProcfileEntry[] = [];
  const problems: Problem[] = [];
  for (const [index, given] of text.split(/\r?\n/).entries()) {
    const line = given.trim();
    if (line === "" || line.startsWith("#")) continue;
    const lineNumber = index + 1;
    const entry = readLine(line, lineNumber);
    const earlier = typeof entry === "string" ? undefined : entries.find(({ name }) => name === entry.name);
    const wrong =
      typeof entry === "string"
        ? entry
        : earlier &&
          `${JSON.stringify(entry.name)} has line ${earlier.lineNumber} already: give it another name`;
    const value = /^[\w-]*/.exec(line)?.[0] ?? "";
    const problem = `Procfile line ${lineNumber}: ${wrong}`;
    if (wrong !== undefined) problems.push({ variable: "Procfile", value, problem });
    else entries.push(entry as ProcfileEntry);
  }
  return { entries, problems };
}

/** The entry, or what is wrong with it. */
function readLine(line: string, lineNumber: number): ProcfileEntry | string {
  const colon = line.indexOf(":");
  const [first = ""] = line.split(/\s/);
  if (colon === -1) return `${shown(first)} is followed by no colon: write NAME: COMMAND`;
  const name = line.slice(0, colon).trimEnd();
  const command = line.slice(colon + 1).trim();
  if (!PROCESS_NAME.test(name))
    return `${shown(name)} is no name: up to 63 letters, digits, - and _ stand before the colon`;
  if (command === "") return `${shown(name)} has no command after the colon`;
  if (command.endsWith("\\"))
    return `${shown(name)} ends with a backslash: a Procfile has no lines that go on`;
  const quote = openQuote(command);
  if (quote !== undefined) return `${shown(name)} has a ${quote} that is never closed`;
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(command)) return `${shown(name)} has a control character in its command`;
  return { name, command, lineNumber };
}

/** The quote that a shell would still wait for at the end. */
function openQuote(command: string): string | undefined {
  let quote: string | undefined;
  for (let at = 0; at < command.length; at += 1) {
    const character = command[at] as string;
    if (character === "\\" && quote !== "'") at += 1;
    else if (quote === undefined && (character === "'" || character === '"')) quote = character;
    else if (character === quote) quote = undefined;
    // What follows is a comment.
    else if (quote === undefined && character === "#" && /\s/.test(command[at - 1] ?? " ")) return undefined;
  }
  return quote;
}

function shown(text: string): string {
  return JSON.stringify(text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text);
}
