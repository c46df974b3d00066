// A traceback that is not complete yet.
import { advance, type Phase } from "./traceback-lines.ts";

export interface Entry {
  /** The message before the traceback. Empty if there is none. */
  head: string;
  traceback: string[];
}

/** Digits of the time may differ. A different PID is another process. */
const TIME_LENGTH = 28;

export class OpenTraceback {
  readonly entry: Entry;
  /** The prefix of each piece, from celery or another logger that gets a traceback in pieces. */
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

  /** The exception has come. More of its chain may follow. */
  get isWhole(): boolean {
    return this.phase === "raised" && this.half === undefined;
  }

  /** The line without this traceback's prefix; undefined if it has another one. */
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

  /** False if the line does not belong to this traceback. */
  take(line: string): boolean {
    const next = advance(this.phase, line);
    if (next === undefined) return false;
    this.phase = next;
    this.#add(line);
    return true;
  }

  /** Takes a piece of a line. Python prints the exceptions of threads word by word, and celery makes a line of each word. */
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
