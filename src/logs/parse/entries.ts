// Lines → entries: a Python traceback, with the line that announces it, is one entry.

import { MAX_LINE_BYTES } from "../arena.ts";
import { withoutAnsi } from "./ansi.ts";
import { beginsBlock, type Continues, isWarningSource } from "./blocks.ts";
import { type Entry, OpenTraceback } from "./open-traceback.ts";
import { headerAt, isChain, isFrame, mayMatter, type Phase, phaseOf } from "./traceback-lines.ts";

/** How long to wait for the rest of a line, or for the next line of a message. */
const LINE_PAUSE_MS = 50;
/** Another exception of the chain may follow. A busy process may write them in two goes. */
const CHAIN_PAUSE_MS = 250;
/** A traceback without its exception is not whole. */
const FRAMES_PAUSE_MS = 2_000;
/** Tracebacks of several processes may be open at once. */
const MOST_OPEN = 16;

/** Shared by all entries without a traceback. */
const NO_LINES: string[] = [];
/** The head of a gunicorn or celery line, in the middle of another process's line. */
const TORN_IN =
  /.(?=\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?: [+-]\d{4}\] \[\d+\] \[[A-Z]+\] |,\d{3}: [A-Z]+\/[^\]]{1,100}\]))/;

/** Groups the lines of one stream. Call `endOfChunk` after each read and `flush` when nothing more is to come. */
export class EntryGrouper {
  readonly #onEntry: (entry: Entry) => void;
  /** The last message, which may not be complete: a traceback or more lines may follow. */
  #head: string | undefined;
  #headLines = 0;
  #continues: Continues | undefined;
  /** The process that wrote last has the last one. */
  #open: OpenTraceback[] = [];
  /** Lines of tracebacks so far: shows whether one makes progress. */
  progress = 0;

  constructor(onEntry: (entry: Entry) => void) {
    this.#onEntry = onEntry;
  }

  push(given: string): void {
    // Most lines neither begin a traceback nor continue the entry before them.
    if (this.#open.length === 0) {
      const isOrdinary = this.#continues === undefined && given.length > 0 && !mayMatter(given);
      return isOrdinary ? this.#begin(given) : this.#pushSlowly(withoutAnsi(given));
    }
    const line = withoutAnsi(given);
    if (this.#takeOwn(line)) return;
    // A foreign line ends a traceback that is whole. Between its frames, such a line is another process's.
    for (let open = this.#open.at(-1); open !== undefined; open = this.#open.at(-1)) {
      if (this.#takeInto(open, line)) return;
      if (!open.isWhole) break;
      this.#end(open);
    }
    this.#pushSlowly(line);
  }

  /**
   * Python's logging writes a message and its traceback in one go, so a line without one is complete when the read ends,
   * unless it ends within the next line (`isCut`). Returns for how many milliseconds something is held back: then call
   * `flush`.
   */
  endOfChunk(isCut = false): number {
    const isMore = isCut || this.#continues !== undefined;
    if (!isMore) this.#flushHead();
    if (this.#open.length === 0) return isMore ? LINE_PAUSE_MS : 0;
    return this.#open.every((open) => open.isWhole) ? CHAIN_PAUSE_MS : FRAMES_PAUSE_MS;
  }

  flush(): void {
    for (const open of this.#open) this.#emit(open);
    this.#open = [];
    this.#flushHead();
  }

  /** A piece with a prefix goes to the traceback with the same prefix. */
  #takeOwn(line: string): boolean {
    for (const open of this.#open) {
      const piece = open.own(line);
      if (piece === undefined) continue;
      if (open.takePiece(piece) || open.take(piece)) {
        this.#grown(open);
        return true;
      }
      if (open.isWhole) this.#end(open);
      else this.#pushSlowly(line);
      return !open.isWhole;
    }
    return false;
  }

  #takeInto(open: OpenTraceback, given: string): boolean {
    // A head that waits for a traceback gets the next one.
    const isOthers = this.#head !== undefined && headerAt(given) !== -1;
    if (isOthers || (open.isWhole && this.#isRestOfOthers(given))) return false;
    let line = given;
    if (open.half !== undefined) {
      if (mayBeginLine(line)) return false;
      line = open.half + line;
      open.half = undefined;
    }
    const torn = open.phase === "frames" && line.indexOf("[2", 1) > 0 ? TORN_IN.exec(line) : null;
    if (torn !== null) {
      open.half = line.slice(0, torn.index + 1);
      this.#pushSlowly(line.slice(torn.index + 1));
      return true;
    }
    if (!open.take(line)) return false;
    this.#flushHead();
    this.#grown(open);
    return true;
  }

  /** One process's traceback may come into another's. When it is whole, the other one goes on. */
  #isRestOfOthers(line: string): boolean {
    const below = this.#open.at(-2);
    if (below === undefined || below.isWhole) return false;
    // The source line comes after its frame.
    const isSource = line.startsWith("    ") && isFrame(below.entry.traceback.at(-1) ?? "");
    return below.half !== undefined || isFrame(line) || isSource;
  }

  #pushSlowly(line: string): void {
    const head = this.#head;
    if (head !== undefined && this.#continues?.(line, this.#headLines) === true)
      return this.#extend(head, line);
    if (head !== undefined && isWarningSource(head, line)) return this.#extend(head, line);
    const at = headerAt(line);
    if (at === 0) return this.#beginTraceback(this.#takeHead(), line, phaseOf(line), "");
    if (at > 0) {
      this.#flushHead();
      const prefix = line.slice(0, at);
      return this.#beginTraceback(prefix, line.slice(at), "frames", prefix);
    }
    // The rest of a traceback that was given up, or into whose beginning another process has written.
    if (isChain(line)) return this.#beginTraceback("", line, "chained", "");
    if (isFrame(line)) return this.#beginTraceback("", line, "frames", "");
    this.#begin(line);
  }

  #begin(line: string): void {
    this.#flushHead();
    this.#head = line;
    this.#headLines = 1;
    this.#continues = beginsBlock(line);
  }

  #extend(head: string, line: string): void {
    this.#head = `${head}\n${line}`;
    this.#headLines += 1;
    if (this.#head.length > MAX_LINE_BYTES) this.#flushHead();
  }

  #beginTraceback(head: string, line: string, phase: Phase, prefix: string): void {
    this.#flushHead();
    if (this.#open.length >= MOST_OPEN) this.#end(this.#open[0] as OpenTraceback);
    this.#open.push(new OpenTraceback(head, line, phase, prefix));
    this.progress += 1;
  }

  /** Nothing holds an endless entry for ever, such as indented lines after a traceback. */
  #grown(open: OpenTraceback): void {
    this.progress += 1;
    if (open.length > MAX_LINE_BYTES) this.#end(open);
  }

  #takeHead(): string {
    const head = this.#head ?? "";
    this.#head = undefined;
    this.#continues = undefined;
    return head;
  }

  #flushHead(): void {
    const head = this.#head;
    if (head === undefined) return;
    this.#head = undefined;
    this.#continues = undefined;
    // A banner has empty lines around it.
    const said = this.#headLines > 1 ? head.replace(/^\s*\n/, "").trimEnd() : head;
    this.#onEntry({ head: said, traceback: NO_LINES });
  }

  #end(open: OpenTraceback): void {
    this.#open = this.#open.filter((it) => it !== open);
    this.#emit(open);
  }

  #emit({ entry, half }: OpenTraceback): void {
    if (half !== undefined) entry.traceback.push(half);
    while (entry.traceback.at(-1) === "") entry.traceback.pop();
    this.#onEntry(entry);
  }
}

/** Whether the line is a whole one, and not the rest of one that was cut. */
function mayBeginLine(line: string): boolean {
  return line.startsWith("[") || line.startsWith("{") || headerAt(line) !== -1;
}
