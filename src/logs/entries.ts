// Lines → entries: a Python traceback, with the line that announces it, is one entry.

import { MAX_LINE_BYTES } from "./lines.ts";

const TRACEBACK = /^\s*(\+ Exception Group )?Traceback \(most recent call last\):/;
const CHAIN = /^(During handling of the above exception|The above exception was the direct cause)/;
/** Lines of a message of Postgres, which psycopg passes on in its exceptions. */
const POSTGRES_DETAIL = /^(DETAIL|HINT|CONTEXT|QUERY|LINE \d+): /;

export interface Entry {
  /** What was said, without the traceback. Empty when there is nothing but one. */
  head: string;
  traceback: string[];
}

/** A Python warning, which is followed by the line of the program that it is about. */
const WARNING = /^.+:\d+: [A-Z]\w*Warning: /;

/** How far a traceback has come: its frames, the exception itself, or the words that announce another. */
type Phase = "frames" | "raised" | "chained";

/** Shared by all entries without a traceback. */
const NO_LINES: string[] = [];

/** Groups the lines of one stream. Call `endOfChunk` after each read and `flush` when nothing more is to come. */
export class EntryGrouper {
  readonly #onEntry: (entry: Entry) => void;
  #open: Entry | undefined;
  #openLength = 0;
  #phase: Phase = "frames";

  constructor(onEntry: (entry: Entry) => void) {
    this.#onEntry = onEntry;
  }

  push(line: string): void {
    const open = this.#open;
    // Most lines neither begin a traceback nor continue the entry before them.
    if (open === undefined || open.traceback.length === 0) {
      const isOrdinary = line.length > 0 && !mayBeginTraceback(line);
      if (isOrdinary) return this.#begin(line);
      if (
        open !== undefined &&
        line.startsWith("  ") &&
        WARNING.test(open.head) &&
        !open.head.includes("\n")
      ) {
        open.head += `\n${line}`;
        return;
      }
    }
    const next = open === undefined || open.traceback.length === 0 ? undefined : advance(this.#phase, line);
    if (open !== undefined && next !== undefined) {
      this.#phase = next;
      this.#add(open, line);
    } else if (TRACEBACK.test(line)) {
      if (open === undefined || open.traceback.length > 0) this.#begin("");
      const entry = this.#open as Entry;
      entry.traceback = [];
      this.#phase = begin(line);
      this.#add(entry, line);
    } else {
      this.#begin(line);
    }
  }

  /**
   * Python's logging writes a message and its traceback in one go, so a line without one is complete when the read ends.
   * An uncaught exception is written line by line. Returns true if something is held back: then call `flush` soon.
   */
  endOfChunk(): boolean {
    if (this.#open === undefined) return false;
    if (this.#open.traceback.length > 0) return true;
    this.flush();
    return false;
  }

  flush(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    while (open.traceback.at(-1) === "") open.traceback.pop();
    this.#onEntry(open);
  }

  #begin(head: string): void {
    this.flush();
    this.#openLength = 0;
    this.#open = { head, traceback: NO_LINES };
  }

  /** An endless entry, such as indented lines after a traceback, is not held for ever. */
  #add(open: Entry, line: string): void {
    open.traceback.push(line);
    this.#openLength += line.length + 1;
    if (this.#openLength > MAX_LINE_BYTES) this.flush();
  }
}

/** Decided by the first character alone: `T`, possible white space, or the `+` of an exception group. */
function mayBeginTraceback(line: string): boolean {
  const first = line.charCodeAt(0);
  return first === 0x54 || first === 0x2b || first <= 0x20 || first >= 0x85;
}

/** An indented traceback, such as an exception group's, is indented to its last line: no exception at the margin follows. */
function begin(header: string): Phase {
  return /^\s/.test(header) ? "raised" : "frames";
}

/** The phase after `line`, or undefined if the line is no part of the traceback. */
function advance(phase: Phase, line: string): Phase | undefined {
  if (/^(\S| {2}\+)/.test(line) && TRACEBACK.test(line)) return phase === "chained" ? begin(line) : undefined;
  if (line === "" || /^[ \t]/.test(line)) return phase;
  if (CHAIN.test(line)) return "chained";
  // The exception itself is the first line that is not indented again: «ValueError: no».
  if (phase === "frames") return "raised";
  return phase === "raised" && POSTGRES_DETAIL.test(line) ? "raised" : undefined;
}
