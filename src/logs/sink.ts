// Where records go. Writing never blocks PID 1, and what nobody reads is not piled up: the readers are told to wait.
import { fstatSync, writeSync } from "node:fs";
import { Socket } from "node:net";

/** Bytes that may wait for the reader before the services' pipes are left unread. */
const HIGH_WATER_BYTES = 1024 * 1024;
/** How long a full pipe that should have blocked is waited for. */
const FULL_PIPE_PATIENCE_MS = 100;
const SLEEPER = new Int32Array(new SharedArrayBuffer(4));

export interface Sink {
  write(text: string): void;
  /** True while the reader is behind: stop reading from services. */
  readonly congested: boolean;
  /** Characters written since it was opened. */
  readonly written: number;
  /** Calls back each time the reader has caught up, until the returned function is called. */
  onDrain(callback: () => void): () => void;
  /** Resolves when all is written, or after `timeoutMs` if nobody reads. */
  flush(timeoutMs: number): Promise<void>;
}

/**
 * A sink on the descriptor `fd`. A pipe is put into non-blocking mode, for every process that shares it: where a child
 * has the same descriptor, ask for `blocking`.
 */
export function openSink(fd: number, mode: "non-blocking" | "blocking" = "non-blocking"): Sink {
  const kind = fstatSync(fd);
  const canWait = mode === "non-blocking" && (kind.isFIFO() || kind.isSocket());
  return canWait ? new PipeSink(fd) : new BlockingSink(fd);
}

class PipeSink implements Sink {
  readonly #socket: Socket;
  readonly #onDrain = new Set<() => void>();
  #pending = "";
  #closed = false;
  written = 0;

  constructor(fd: number) {
    this.#socket = new Socket({ fd, readable: false, writable: true });
    this.#socket.on("drain", () => this.#caughtUp());
    // EPIPE: the reader is gone for good. The services go on without it.
    this.#socket.on("error", () => {
      this.#closed = true;
      this.#pending = "";
      this.#caughtUp();
    });
  }

  get congested(): boolean {
    return !this.#closed && this.#socket.writableLength + this.#pending.length > HIGH_WATER_BYTES;
  }

  write(text: string): void {
    if (this.#closed) return;
    this.written += text.length;
    // All records of one turn of the event loop leave in one system call.
    if (this.#pending === "") setImmediate(() => this.#send());
    this.#pending += text;
  }

  onDrain(callback: () => void): () => void {
    this.#onDrain.add(callback);
    return () => this.#onDrain.delete(callback);
  }

  async flush(timeoutMs: number): Promise<void> {
    if (this.#closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    this.#send(resolve);
    this.#socket.once("error", () => resolve());
    await promise;
    clearTimeout(timer);
  }

  #send(done?: () => void): void {
    const text = this.#pending;
    this.#pending = "";
    if (!this.#closed && (text !== "" || done !== undefined)) this.#socket.write(text, done);
  }

  #caughtUp(): void {
    for (const callback of this.#onDrain) callback();
  }
}

/** A terminal, a file or /dev/null, or a pipe that is shared with a child: written to at once. */
class BlockingSink implements Sink {
  readonly congested = false;
  written = 0;
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(text: string): void {
    this.written += text.length;
    let rest = Buffer.from(text);
    for (let patience = FULL_PIPE_PATIENCE_MS; rest.length > 0 && patience > 0; ) {
      try {
        rest = rest.subarray(writeSync(this.#fd, rest));
      } catch (error) {
        // Nobody can be told that nobody can be told.
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
        // A child that shares the descriptor has made it non-blocking, and the pipe is full.
        patience -= 1;
        Atomics.wait(SLEEPER, 0, 0, 1);
      }
    }
  }

  onDrain(): () => void {
    return () => {};
  }

  async flush(): Promise<void> {}
}
