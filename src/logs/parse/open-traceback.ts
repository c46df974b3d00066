// One traceback whose end has not come.
import { advance, type Phase } from "./traceback-lines.ts";

export interface Entry {
  /** What was said, without the traceback. Empty when there is nothing but one. */
  head: string;
  traceback: string[];
}

/** Digits may differ where the time is; a process of another number is another process. */
const TIME_LENGTH = 28;

export class OpenTraceback {
  readonly entry: Entry;
  /** What celery, or another logger that gets a traceback in pieces, puts before each piece. */
  readonly prefix: string;
  phase: Phase;
  length: number;
  /** A line that another process's line has cut. */
  half: string | undefined;

  constructor(head: string, line: string, phase: Phase, prefix = "") {
    this.entry = { head, traceback: [line] };
    this.prefix = prefix;
    this.phase = phase;
    this.length = head.length + line.length + 2;
  }

  /** The exception itself has come; more of its chain may follow. */
  get isWhole(): boolean {
    return this.phase === "raised" && this.half === undefined;
  }

  /** The line without the prefix that is this one's; undefined if it has another. */
  own(line: string): string | undefined {
    const { prefix } = this;
    if (prefix === "" || line.length < prefix.length) return undefined;
    for (let at = 0; at < prefix.length; at += 1) {
      const code = line.charCodeAt(at);
      if (code === prefix.charCodeAt(at)) continue;
      if (at >= TIME_LENGTH || !isDigit(code) || !isDigit(prefix.charCodeAt(at))) return undefined;
    }
    return line.slice(prefix.length);
  }

  /** False if the line is no part of this traceback. */
  take(line: string): boolean {
    const next = advance(this.phase, line);
    if (next === undefined) return false;
    this.phase = next;
    this.#add(line);
    return true;
  }

  /** Takes a piece of a line: Python prints the exceptions of threads word by word, and celery makes a line of each. */
  takePiece(piece: string): boolean {
    const { traceback } = this.entry;
    const last = traceback.length - 1;
    const before = traceback[last] as string;
    const isPart = /^ *$/.test(before) || /^[ ~^]$/.test(piece) || /^:/.test(piece) || /: $/.test(before);
    if (!isPart || (this.phase === "raised" && !/^:/.test(piece) && !/: $/.test(before))) return false;
    traceback[last] = before + piece;
    this.length += piece.length;
    return true;
  }

  #add(line: string): void {
    this.entry.traceback.push(line);
    this.length += line.length + 1;
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
