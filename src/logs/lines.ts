/** Longest line that is passed on whole, in bytes; a longer one is cut and marked. */
export const MAX_LINE_BYTES = 256 * 1024;

const NEWLINE = 0x0a;
const CUT_MARK = "… [cut by djinit]";

/** Cuts a stream of bytes into lines. Holds at most one unfinished line. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** The rest of a line that was too long is thrown away up to its newline. */
  #skipping = false;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** `chunk` is not kept: what must be held is copied, so the caller may reuse its buffer. */
  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#finish(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
  }

  /** The stream has ended: what is held is a line too. */
  end(): void {
    if (this.#heldBytes > 0) this.#finish(Buffer.alloc(0));
  }

  #hold(part: Buffer): void {
    if (this.#skipping) return;
    this.#held.push(Buffer.from(part));
    this.#heldBytes += part.length;
    if (this.#heldBytes > MAX_LINE_BYTES) {
      this.#finish(Buffer.alloc(0));
      this.#skipping = true;
    }
  }

  #finish(last: Buffer): void {
    if (this.#skipping) {
      this.#skipping = false;
      return;
    }
    const bytes = this.#heldBytes === 0 ? last : Buffer.concat([...this.#held, last]);
    this.#held = [];
    this.#heldBytes = 0;
    const cut = bytes.length > MAX_LINE_BYTES;
    // Invalid UTF-8 becomes U+FFFD here; JSON.stringify escapes every control character later.
    const text = bytes.toString("utf8", 0, cut ? MAX_LINE_BYTES : bytes.length);
    this.#onLine(cut ? text + CUT_MARK : text.endsWith("\r") ? text.slice(0, -1) : text);
  }
}
