// The reports of the Django half, from a socket of their own.
import type { Duplex } from "node:stream";
import { DjinitError } from "../../base/errors.ts";
import { parseEvent, type SetupEvent } from "./event-schemas.ts";

const LINE_FEED = 0x0a;
const RECORD_SEPARATOR = "\u001e";
/** No project comes near it: 20,000 migrations are 4 MB. */
const MOST_BYTES = 64 * 1024 * 1024;

export interface EventChannel {
  /** Resolves when the last writer has closed the socket, and every report has been taken. */
  ended: Promise<void>;
  /** Lets the program go on: it waits until its reports have been taken. */
  settle(): void;
}

/**
 * Calls `take` with each event in its order. The first report that cannot be understood goes to `refuse`, as
 * DJINIT_INTERNAL, and ends the reading.
 */
export function readEvents(
  socket: Duplex,
  take: (event: SetupEvent) => void,
  refuse: (error: DjinitError) => void,
): EventChannel {
  const events = new EventSplitter();
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  socket.on("data", (chunk: Buffer) => {
    try {
      events.push(chunk, take);
    } catch (thrown) {
      refuse(thrown as DjinitError);
      socket.destroy();
    }
  });
  // A killed program may not have read its input.
  socket.on("error", () => socket.destroy());
  socket.once("close", resolve);
  return {
    ended,
    settle: () => {
      if (!socket.destroyed) socket.write("\n");
    },
  };
}

/** JSON text sequences (RFC 7464) from pieces of any size. */
export class EventSplitter {
  readonly #mostBytes: number;
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(mostBytes = MOST_BYTES) {
    this.#mostBytes = mostBytes;
  }

  /** Errors: DJINIT_INTERNAL for a report that is no event, or never ends. */
  push(chunk: Buffer, take: (event: SetupEvent) => void): void {
    let rest = chunk;
    for (let end = rest.indexOf(LINE_FEED); end !== -1; end = rest.indexOf(LINE_FEED)) {
      this.#add(rest.subarray(0, end));
      const text = Buffer.concat(this.#pieces).toString("utf8");
      this.#pieces = [];
      this.#bytes = 0;
      rest = rest.subarray(end + 1);
      take(understand(text));
    }
    if (rest.length > 0) this.#add(rest);
  }

  #add(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#bytes > this.#mostBytes)
      throw refused(`one report is longer than ${Math.round(this.#mostBytes / 2 ** 20)} MiB`);
    this.#pieces.push(piece);
  }
}

function understand(line: string): SetupEvent {
  try {
    // A signal may cut a report short. The next report then begins in the same line.
    return parseEvent(line.slice(line.lastIndexOf(RECORD_SEPARATOR) + 1));
  } catch (error) {
    throw refused((error as Error).message);
  }
}

function refused(cause: string): DjinitError {
  return new DjinitError(
    "DJINIT_INTERNAL",
    `cannot understand what the Django half of the boot reports: ${cause}`,
  );
}
