import { Socket } from "node:net";
import type { LogPolicy } from "./policy.ts";
import type { Sink, Source } from "./sink.ts";

/** When more bytes wait for the reader, the pipes of all services are left unread. */
const HIGH_WATER_BYTES = 256 * 1024;
/** Bytes gathered for one system call: as much as a pipe holds. */
const SLAB_BYTES = 64 * 1024;
/** Slabs kept for reuse: enough for a slow reader. With fewer, slabs would pile up as garbage. */
const MOST_SPARE_SLABS = 8;
/** Most bytes that a character of a JavaScript string takes. */
const BYTES_PER_UNIT = 3;
/** Longer text becomes bytes at once: V8 is slow to give back the memory of text that lives for more than a moment. */
const MOST_TEXT = 8 * 1024;

const ENCODER = new TextEncoder();

/** Writes to a pipe or a socket, once in each turn of the event loop. */
export class PipeSink implements Sink {
  readonly #socket: Socket;
  readonly #sources = new Set<Source>();
  #paused = false;
  /** Waits to be sent: first the slab's bytes, then the text. */
  #slab: Buffer | undefined;
  #slabBytes = 0;
  #text = "";
  readonly #spare: Buffer[] = [];
  #slabsInFlight = 0;
  #scheduled = false;
  #closed = false;
  readonly policy: LogPolicy;
  written = 0;

  constructor(fd: number, policy: LogPolicy) {
    this.policy = policy;
    this.#socket = new Socket({ fd, readable: false, writable: true });
    this.#socket.on("drain", () => this.#caughtUp());
    // EPIPE: the reader is gone for good. The services go on without it.
    this.#socket.on("error", () => {
      this.#closed = true;
      this.#text = "";
      this.#slabBytes = 0;
      this.#caughtUp();
    });
  }

  get congested(): boolean {
    const waiting = this.#socket.writableLength + this.#slabBytes + this.#text.length;
    return !this.#closed && waiting > HIGH_WATER_BYTES;
  }

  write(text: string): void {
    if (this.#closed) return;
    this.written += text.length;
    this.#text += text;
    if (this.#text.length > MOST_TEXT) this.#settleText();
    this.#schedule();
  }

  writeBytes(bytes: Buffer, start: number, end: number): void {
    if (this.#closed) return;
    this.written += end - start;
    this.#settleText();
    this.#add(bytes, start, end);
    this.#schedule();
  }

  feedFrom(source: Source): () => void {
    this.#sources.add(source);
    if (this.#paused) source.pause();
    return () => this.#sources.delete(source);
  }

  async flush(timeoutMs: number): Promise<void> {
    if (this.#closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    this.#settleText();
    if (this.#slabBytes > 0) this.#sendSlab();
    if (!this.#closed) this.#socket.write("", () => resolve());
    this.#socket.once("error", () => resolve());
    await promise;
    clearTimeout(timer);
  }

  trim(): void {
    this.#spare.length = 0;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#send());
  }

  /** While the pipe is full, records are gathered in one slab, and not in many that are nearly empty. */
  #send(): void {
    this.#scheduled = false;
    this.#settleText();
    if (this.#slabBytes > 0 && this.#slabsInFlight === 0) this.#sendSlab();
  }

  #add(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end; ) {
      if (this.#slabBytes === SLAB_BYTES) this.#sendSlab();
      const copied = bytes.copy(this.#takeSlab(), this.#slabBytes, at, end);
      this.#slabBytes += copied;
      at += copied;
    }
  }

  #takeSlab(): Buffer {
    this.#slab ??= this.#spare.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
    return this.#slab;
  }

  #sendSlab(): void {
    const slab = this.#slab as Buffer;
    const length = this.#slabBytes;
    this.#slab = undefined;
    this.#slabBytes = 0;
    if (this.#closed) return;
    this.#slabsInFlight += 1;
    this.#socket.write(slab.subarray(0, length), () => {
      this.#slabsInFlight -= 1;
      if (this.#spare.length < MOST_SPARE_SLABS) this.#spare.push(slab);
      if (this.#slabsInFlight === 0) this.#send();
    });
    if (!this.#paused && this.congested) this.#pause();
  }

  /** Turns the text into bytes, so that other bytes may follow. */
  #settleText(): void {
    let rest = this.#text;
    this.#text = "";
    while (rest !== "") {
      const slab = this.#takeSlab();
      if (this.#slabBytes + rest.length * BYTES_PER_UNIT <= SLAB_BYTES) {
        this.#slabBytes += slab.write(rest, this.#slabBytes);
        return;
      }
      const { read, written } = ENCODER.encodeInto(rest, slab.subarray(this.#slabBytes));
      this.#slabBytes += written;
      rest = rest.slice(read);
      if (rest !== "") this.#sendSlab();
    }
  }

  /** Pauses all sources: each would otherwise bring another pipeful before it noticed. */
  #pause(): void {
    this.#paused = true;
    for (const source of this.#sources) source.pause();
  }

  #caughtUp(): void {
    this.#paused = false;
    for (const source of this.#sources) source.resume();
  }
}
