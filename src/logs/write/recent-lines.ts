// The last records, as they were written: a ring of bytes in memory, for `djinit logs`.
import type { Sink } from "./sink.ts";

/** Some 1,000 records; PID 1 is to stay small. */
const RING_BYTES = 256 * 1024;
/** Most bytes that a character of a JavaScript string takes in UTF-8. */
const MOST_BYTES_A_CHARACTER = 3;
const NEWLINE = 0x0a;

export class RecentLines {
  readonly #ring: Buffer;
  #at = 0;
  #wrapped = false;
  readonly #followers = new Set<(text: string) => void>();

  constructor(bytes: number = RING_BYTES) {
    this.#ring = Buffer.allocUnsafeSlow(bytes);
  }

  /** One or more whole lines. */
  push(text: string): void {
    if (this.#at + text.length * MOST_BYTES_A_CHARACTER <= this.#ring.length) {
      this.#at += this.#ring.write(text, this.#at, "utf8");
    } else {
      this.#pushAround(Buffer.from(text));
    }
    for (const follow of this.#followers) follow(text);
  }

  /** The same for bytes from `start` to `end`, which are copied. */
  pushBytes(bytes: Buffer, start: number, end: number): void {
    if (this.#at + end - start <= this.#ring.length) {
      this.#at += bytes.copy(this.#ring, this.#at, start, end);
    } else {
      this.#pushAround(bytes.subarray(start, end));
    }
    if (this.#followers.size === 0) return;
    const text = bytes.toString("utf8", start, end);
    for (const follow of this.#followers) follow(text);
  }

  /** All whole lines that are still there, the oldest first. */
  snapshot(): Buffer {
    const newest = this.#ring.subarray(0, this.#at);
    if (!this.#wrapped) return Buffer.from(newest);
    const bytes = Buffer.concat([this.#ring.subarray(this.#at), newest]);
    // The first line may have lost its beginning.
    return bytes.subarray(bytes.indexOf(NEWLINE) + 1);
  }

  /** Calls back with each later write, until the returned function is called. */
  follow(callback: (text: string) => void): () => void {
    this.#followers.add(callback);
    return () => this.#followers.delete(callback);
  }

  #pushAround(given: Buffer): void {
    const ring = this.#ring;
    // If the text is larger than the ring, only its end is kept.
    const bytes = given.length > ring.length ? given.subarray(given.length - ring.length) : given;
    const first = Math.min(bytes.length, ring.length - this.#at);
    bytes.copy(ring, this.#at, 0, first);
    bytes.copy(ring, 0, first);
    if (first < bytes.length || this.#at + first === ring.length) this.#wrapped = true;
    this.#at = (this.#at + bytes.length) % ring.length;
  }
}

/** A sink that also keeps the last lines written to it. */
export function keepRecent(sink: Sink, recent: RecentLines): Sink {
  return {
    policy: sink.policy,
    get congested() {
      return sink.congested;
    },
    get written() {
      return sink.written;
    },
    write: (text) => {
      recent.push(text);
      sink.write(text);
    },
    writeBytes: (bytes, start, end) => {
      recent.pushBytes(bytes, start, end);
      sink.writeBytes(bytes, start, end);
    },
    feedFrom: (source) => sink.feedFrom(source),
    trim: () => sink.trim(),
    flush: (timeoutMs) => sink.flush(timeoutMs),
  };
}
