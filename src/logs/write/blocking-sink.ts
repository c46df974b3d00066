import { writeSync } from "node:fs";
import type { LogPolicy } from "./policy.ts";
import type { Sink } from "./sink.ts";

/** How long to wait for a full pipe that should have blocked. */
const FULL_PIPE_PATIENCE_MS = 100;
const SLEEPER = new Int32Array(new SharedArrayBuffer(4));

/** For a terminal, a file, /dev/null, or a pipe that is shared with a child. Writes at once. */
export class BlockingSink implements Sink {
  readonly congested = false;
  readonly policy: LogPolicy;
  written = 0;
  readonly #fd: number;

  constructor(fd: number, policy: LogPolicy) {
    this.policy = policy;
    this.#fd = fd;
  }

  write(text: string): void {
    this.#writeAll(Buffer.from(text));
  }

  writeBytes(bytes: Buffer, start: number, end: number): void {
    this.#writeAll(bytes.subarray(start, end));
  }

  #writeAll(bytes: Buffer): void {
    this.written += bytes.length;
    let rest = bytes;
    for (let patience = FULL_PIPE_PATIENCE_MS; rest.length > 0 && patience > 0; ) {
      try {
        rest = rest.subarray(writeSync(this.#fd, rest));
      } catch (error) {
        // There is nowhere left to report this.
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
        // A child that shares the descriptor has made it non-blocking, and the pipe is full.
        patience -= 1;
        Atomics.wait(SLEEPER, 0, 0, 1);
      }
    }
  }

  feedFrom(): () => void {
    return () => {};
  }

  async flush(): Promise<void> {}

  trim(): void {}
}
