// One service's stdout or stderr, from its pipe to the sink.
import { closeSync, readSync } from "node:fs";
import { Socket } from "node:net";
import { type Clock, systemClock } from "../../base/clock.ts";
import { type ChildPipe, openChildPipe } from "../../platform/child-pipe.ts";
import { ACCESS_LOG_SERVICE } from "../access/lines.ts";
import { READ_BYTES, READ_ROOM } from "../arena.ts";
import { HoldTimer } from "./hold-timer.ts";
import { PacedSource } from "./paced-source.ts";
import { RecordStream, type StreamOptions } from "./record-stream.ts";

export interface RelayOptions extends StreamOptions {
  clock: Clock;
}

export interface Relay {
  /** For the child's stdio. Close it with `childHasIt` once the child is spawned. */
  writeFd: number;
  childHasIt(pid: number | undefined): void;
  /** Passes on at once what has been written so far: djinit's own record about the process has to come after it. */
  drain(): void;
  /** Resolves when every process that held the write end is gone and all is passed on. */
  ended: Promise<void>;
}

/** Begins to relay. Errors: throws when no descriptor is left. */
export function openRelay(options: RelayOptions): Relay {
  return relayOf(openChildPipe(options.service === ACCESS_LOG_SERVICE ? "lines" : "texts"), options);
}

/** The same with a pipe that is there already. */
export function relayOf({ readFd, writeFd }: ChildPipe, options: RelayOptions): Relay {
  const stream = new RecordStream(options);
  return {
    writeFd,
    childHasIt: (pid) => {
      stream.pid = pid;
      closeSync(writeFd);
    },
    ...readToEnd(readFd, stream, options),
  };
}

/** Relays the pipe of a process that was started earlier. Resolves as `ended` does. */
export function continueRelay(readFd: number, pid: number, options: RelayOptions): Promise<void> {
  const stream = new RecordStream(options);
  stream.pid = pid;
  return readToEnd(readFd, stream, options).ended;
}

function readToEnd(
  readFd: number,
  stream: RecordStream,
  { sink, clock }: RelayOptions,
): Pick<Relay, "drain" | "ended"> {
  const hold = new HoldTimer(clock, () => stream.flush());

  const source: Socket = new Socket({
    fd: readFd,
    readable: true,
    writable: false,
    onread: {
      buffer: READ_ROOM,
      callback: (size: number) => {
        const heldMs = stream.read(size, size < READ_BYTES);
        paced.hasRead(size);
        hold.set(heldMs, stream.progress);
        return true;
      },
    },
  } as ConstructorParameters<typeof Socket>[0]);
  // In real time even where tests have a virtual clock: the pipe fills in real time.
  const paced = new PacedSource(source, systemClock);
  source.resume();
  // A pipe that is not read fills up, and the service waits in write(2), as on any pipe.
  const forget = sink.feedFrom(paced);

  const { promise: ended, resolve } = Promise.withResolvers<void>();
  source.once("close", () => {
    forget();
    paced.end();
    hold.cancel();
    stream.end();
    resolve();
  });
  source.on("error", () => source.destroy());

  const drain = (): void => {
    // Its descriptor may be reused by then.
    if (source.destroyed) return;
    for (let size = readNow(readFd); size > 0; size = readNow(readFd)) stream.read(size, size < READ_BYTES);
    hold.cancel();
    stream.flush();
  };
  return { drain, ended };
}

/** The number of bytes read. 0 at the end too: the source notices the end. */
function readNow(fd: number): number {
  try {
    return readSync(fd, READ_ROOM);
  } catch {
    // EAGAIN: nothing for now.
    return 0;
  }
}
