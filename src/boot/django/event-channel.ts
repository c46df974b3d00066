// What the Django half reports, from the socket that is for nothing else.
import type { Duplex } from "node:stream";
import { DjinitError } from "../../base/errors.ts";
import { parseEvent, type SetupEvent } from "./event-schemas.ts";

const LINE_FEED = 0x0a;
const RECORD_SEPARATOR = "\u001e";
/** No project comes near it: 20,000 migrations are 4 MB. It is there for what has gone mad. */
const MOST_BYTES = 64 * 1024 * 1024;

export interface EventChannel {
  /** Resolves when nobody is left who could report, and all is taken. */
  ended: Promise<void>;
  /** Lets the program go on, which waits until all that it has reported is taken. */
  settle(): void;
}

/**
 * Calls `take` with each event in its order. What cannot be understood is given to `refuse`, as DJINIT_INTERNAL, and
 * nothing more is taken.
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
  // A program that was killed may have left unread what it was told.
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

  /** Errors: DJINIT_INTERNAL for what is no event, or has no end. */
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
    // A report that a signal has cut short has no end of its own: the next one begins in the same line.
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
