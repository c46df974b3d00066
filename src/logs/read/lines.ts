import { ARENA, CARRY_BYTES, MAX_LINE_BYTES, READ_BYTES } from "../arena.ts";

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const CUT_MARK = "… [cut by djinit]";
/** Enough for most lines. */
const FIRST_HELD_BYTES = 1024;

export interface LineTaker {
  line(text: string): void;
  /** Takes whole lines of the arena as bytes, as many as it can. Returns the position after them. */
  bytes?(start: number, end: number): number;
}

/** Cuts a stream of bytes into lines. Holds at most one unfinished line. */
export class LineSplitter {
  readonly #taker: LineTaker;
  /** The beginning of a line whose end has not come yet. */
  #held = Buffer.allocUnsafeSlow(FIRST_HELD_BYTES);
  #heldBytes = 0;
  /** A line was too long: its rest is thrown away, up to the newline. */
  #skipping = false;

  constructor(taker: LineTaker) {
    this.#taker = taker;
  }

  /** Whether the beginning of a line has come, but not its end. */
  get isInLine(): boolean {
    return this.#heldBytes > 0 || this.#skipping;
  }

  /** Takes the `size` bytes that have been read to the arena's READ_ROOM. */
  read(size: number): void {
    const end = CARRY_BYTES + size;
    let at = CARRY_BYTES;
    if (this.#skipping || this.#heldBytes > CARRY_BYTES) {
      const newline = findNewline(at, end);
      this.#hold(at, newline === -1 ? end : newline);
      if (newline === -1) return;
      this.#finishHeld();
      at = newline + 1;
    } else if (this.#heldBytes > 0) {
      at -= this.#heldBytes;
      this.#held.copy(ARENA, at, 0, this.#heldBytes);
      this.#heldBytes = 0;
    }
    this.#take(at, end);
  }

  /** Takes bytes from elsewhere. They are copied, so the caller may reuse its buffer. */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; at += READ_BYTES)
      this.read(chunk.copy(ARENA, CARRY_BYTES, at, at + READ_BYTES));
  }

  /** The stream has ended: an unfinished line counts as a line. */
  end(): void {
    if (this.#heldBytes > 0) this.#finishHeld();
  }

  #take(start: number, end: number): void {
    const taker = this.#taker;
    let at = start;
    while (at < end) {
      if (taker.bytes !== undefined) at = taker.bytes(at, end);
      const newline = at < end ? findNewline(at, end) : -1;
      if (newline === -1) return this.#hold(at, end);
      taker.line(textOf(ARENA, at, newline));
      at = newline + 1;
    }
  }

  #hold(start: number, end: number): void {
    if (this.#skipping || start === end) return;
    const needed = this.#heldBytes + end - start;
    if (needed > this.#held.length) {
      // One byte more than the longest line shows that it is too long.
      const larger = Buffer.allocUnsafeSlow(
        Math.max(needed, Math.min(2 * needed, MAX_LINE_BYTES + READ_BYTES)),
      );
      this.#held.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    ARENA.copy(this.#held, this.#heldBytes, start, end);
    this.#heldBytes = needed;
    if (needed <= MAX_LINE_BYTES) return;
    this.#finishHeld();
    this.#skipping = true;
  }

  #finishHeld(): void {
    const length = this.#heldBytes;
    this.#heldBytes = 0;
    if (this.#skipping) {
      this.#skipping = false;
      return;
    }
    this.#taker.line(textOf(this.#held, 0, length));
    // Lines of that length are rare: their memory is given back.
    if (this.#held.length > CARRY_BYTES) this.#held = Buffer.allocUnsafeSlow(FIRST_HELD_BYTES);
  }
}

/** Beyond `end` there are bytes of earlier reads. */
function findNewline(start: number, end: number): number {
  const newline = ARENA.indexOf(NEWLINE, start);
  return newline < end ? newline : -1;
}

/** Invalid UTF-8 becomes U+FFFD here; control characters are escaped when the record is written. */
function textOf(bytes: Buffer, start: number, end: number): string {
  if (end - start > MAX_LINE_BYTES) return bytes.toString("utf8", start, start + MAX_LINE_BYTES) + CUT_MARK;
  const isCrlf = end > start && bytes[end - 1] === CARRIAGE_RETURN;
  return bytes.toString("utf8", start, isCrlf ? end - 1 : end);
}
