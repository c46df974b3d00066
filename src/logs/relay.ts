// One service's stdout or stderr, from its pipe to the sink.
import { closeSync } from "node:fs";
import { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import { openChildPipe } from "../platform/child-pipe.ts";
import { readAccessFacts } from "./access-fields.ts";
import { EntryGrouper } from "./entries.ts";
import { LineSplitter } from "./lines.ts";
import type { RelayObserver } from "./observer.ts";
import { parseEntry } from "./parse-entry.ts";
import { type Fields, formatRecord } from "./record.ts";
import type { Sink } from "./sink.ts";

/** How long an uncaught exception's traceback, which Python writes line by line, is waited for. */
const TRACEBACK_PAUSE_MS = 50;
const READ_BUFFER_BYTES = 64 * 1024;
/** The one whose lines may be requests. */
const ACCESS_LOG_SERVICE = "nginx";

export interface RelayOptions {
  /** Its name; a function where one process does the work of several in turn. */
  service: string | (() => string);
  sink: Sink;
  clock: Clock;
  /** Fields for every record, on top of what its line says. */
  extra?: Record<string, unknown>;
  /** Called with each record but nginx's access lines. */
  onRecord?: (fields: Fields) => void;
  observer?: RelayObserver | undefined;
  /** Takes a line for itself by returning what to do about it, once all that came before it has been passed on. */
  intercept?: (line: string) => (() => void) | undefined;
}

export interface Relay {
  /** For the child's stdio. Close it with `childHasIt` once the child is spawned. */
  writeFd: number;
  childHasIt(pid: number | undefined): void;
  /** Resolves when every process that held the write end is gone and all is passed on. */
  ended: Promise<void>;
}

/** Begins to relay. Errors: throws when no descriptor is left. */
export function openRelay(options: RelayOptions): Relay {
  const { sink, clock, extra, onRecord, observer, intercept } = options;
  const serviceName = (): string =>
    typeof options.service === "string" ? options.service : options.service();
  const { readFd, writeFd } = openChildPipe();
  let mainPid: number | undefined;
  let cancelFlush: (() => void) | undefined;
  let lines = 0;

  const grouper = new EntryGrouper((entry) => {
    if (entry.head === "" && entry.traceback.length === 0) return;
    const service = serviceName();
    const fields = { ...parseEntry(entry), ...extra };
    const facts = service === ACCESS_LOG_SERVICE ? readAccessFacts(fields) : undefined;
    if (facts === undefined) {
      onRecord?.(fields);
      observer?.record?.(service, fields);
    } else {
      observer?.access?.(facts);
    }
    sink.write(formatRecord(service, mainPid, Date.now(), fields));
  });
  const splitter = new LineSplitter((line) => {
    lines += 1;
    const act = intercept?.(line);
    if (act === undefined) return grouper.push(line);
    // What came before it comes before it in the log too, and under the name of that time.
    grouper.flush();
    act();
  });

  const tell = (bytes: number): void => {
    if (lines + bytes > 0) observer?.relayed?.(serviceName(), lines, bytes);
    lines = 0;
  };

  const source: Socket = new Socket({
    fd: readFd,
    readable: true,
    writable: false,
    // One buffer for the life of the relay instead of a new one for each read.
    onread: {
      buffer: Buffer.allocUnsafeSlow(READ_BUFFER_BYTES),
      callback: (size: number, buffer: Uint8Array) => {
        cancelFlush?.();
        cancelFlush = undefined;
        splitter.push(Buffer.from(buffer.buffer, buffer.byteOffset, size));
        tell(size);
        // A full buffer is the end of nothing: the next read goes on where this one had no room.
        const moreToCome = size === READ_BUFFER_BYTES || grouper.endOfChunk();
        if (moreToCome) cancelFlush = clock.after(TRACEBACK_PAUSE_MS, () => grouper.flush());
        // Unread, the pipe fills and the service waits in write(2), as on any pipe.
        if (sink.congested) source.pause();
        return true;
      },
    },
  } as ConstructorParameters<typeof Socket>[0]);
  const forget = sink.onDrain(() => source.resume());
  source.resume();

  const { promise: ended, resolve } = Promise.withResolvers<void>();
  source.once("close", () => {
    forget();
    cancelFlush?.();
    splitter.end();
    grouper.flush();
    tell(0);
    resolve();
  });
  source.on("error", () => source.destroy());

  return {
    writeFd,
    childHasIt: (pid) => {
      mainPid = pid;
      closeSync(writeFd);
    },
    ended,
  };
}
