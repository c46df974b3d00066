// Reads what a container writes to stdout from a named pipe: unlike with the engine's log, this reader can stop.
import { constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { StringDecoder } from "node:string_decoder";

export interface Line {
  text: string;
  /** When it was read, in ms since 1970. */
  atMs: number;
}

export class LogReader {
  /** Since the last `forget`. */
  lines: Line[] = [];
  readonly #socket: Socket;
  readonly #decoder = new StringDecoder("utf8");
  #half = "";

  /** Errors: there is no such pipe. */
  constructor(path: string) {
    // For writing too: otherwise each start of the container would begin with the end of the one before.
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    this.#socket = new Socket({ fd, readable: true, writable: false });
    this.#socket.on("data", (data: Buffer) => this.#take(data));
  }

  /** What has come of a line that has no end yet. */
  get half(): string {
    return this.#half;
  }

  /** Reads no more, as a reader that hangs. */
  stall(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  forget(): void {
    this.lines = [];
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(data: Buffer): void {
    const atMs = Date.now();
    const parts = (this.#half + this.#decoder.write(data)).split("\n");
    this.#half = parts.pop() ?? "";
    for (const text of parts) this.lines.push({ text, atMs });
  }
}
