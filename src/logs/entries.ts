// Lines → entries: a Python traceback, with the line that announces it, is one entry.

const TRACEBACK = /^\s*(\+ (Exception Group )?)?Traceback \(most recent call last\):/;
const CHAIN = /^(During handling of the above exception|The above exception was the direct cause)/;

export interface Entry {
  /** What was said, without the traceback. Empty when there is nothing but one. */
  head: string;
  traceback: string[];
}

/** Groups the lines of one stream. Call `endOfChunk` after each read and `flush` when nothing more is to come. */
export class EntryGrouper {
  readonly #onEntry: (entry: Entry) => void;
  #open: Entry | undefined;

  constructor(onEntry: (entry: Entry) => void) {
    this.#onEntry = onEntry;
  }

  push(line: string): void {
    const open = this.#open;
    if (open !== undefined && open.traceback.length > 0 && continues(open.traceback, line)) {
      open.traceback.push(line);
      return;
    }
    if (TRACEBACK.test(line)) {
      if (open === undefined || open.traceback.length > 0) this.#begin({ head: "", traceback: [line] });
      else open.traceback.push(line);
      return;
    }
    this.#begin({ head: line, traceback: [] });
  }

  /**
   * Python's logging writes a message and its traceback in one go, so a line without one is complete when the read ends.
   * An uncaught exception is written line by line. Returns true if something is held back: then `flush` soon.
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

  #begin(entry: Entry): void {
    this.flush();
    this.#open = entry;
  }
}

function continues(traceback: string[], line: string): boolean {
  if (line === "" || /^[ \t]/.test(line) || CHAIN.test(line)) return true;
  const last = traceback.at(-1) as string;
  if (TRACEBACK.test(line)) return last === "" || CHAIN.test(last);
  // The exception itself is the first line that is not indented again: «ValueError: no».
  return /^[ \t]/.test(last) || TRACEBACK.test(last);
}
