// Notices when the name of a socket that PID 1 holds has been removed or replaced, so that clients reach nobody or somebody
// else. Puts the name back, and logs it.
import { lstatSync } from "node:fs";
import type { Clock } from "../../base/clock.ts";
import type { OwnLog } from "../../logs/write/own-log.ts";

/** A look takes microseconds. Until the next one, connections are refused. */
const PERIOD_MS = 1_000;
/** A name that could not be put back for this long is lost: only a new container helps. */
const HOPELESS_AFTER = 10;

/** Which file a name leads to. */
export interface Identity {
  dev: number;
  ino: number;
}

export interface WatchedSocket {
  path: string;
  /** Whether the name leads to the socket. Also true while there is no socket to look for. */
  isThere(): boolean;
  /** Errors: throws if the name cannot be put back. */
  putBack(): Promise<void>;
}

export interface Lost {
  /** Completes «gunicorn …». */
  detail: string;
  /** The name could not be put back for a while. */
  hopeless: boolean;
}

interface Watched {
  socket: WatchedSocket;
  failures: number;
  cause: string | undefined;
  busy: boolean;
}

export class SocketWatch {
  readonly #watched: Watched[] = [];
  readonly #log: OwnLog;

  constructor(clock: Clock, log: OwnLog) {
    this.#log = log;
    const look = (): void => {
      for (const watched of this.#watched) void this.#look(watched);
      clock.after(PERIOD_MS, look);
    };
    clock.after(PERIOD_MS, look);
  }

  add(socket: WatchedSocket): void {
    this.#watched.push({ socket, failures: 0, cause: undefined, busy: false });
  }

  /** What is wrong with the socket at `path` now. */
  lost(path: string): Lost | undefined {
    const watched = this.#watched.find(({ socket }) => socket.path === path);
    if (watched === undefined || watched.socket.isThere()) return undefined;
    const { failures, cause } = watched;
    const what = `has lost its socket: ${path} has been ${identityOf(path) === undefined ? "removed" : "replaced"}`;
    return {
      detail: cause === undefined ? what : `${what}, and cannot be put back: ${cause}`,
      hopeless: failures >= HOPELESS_AFTER,
    };
  }

  async #look(watched: Watched): Promise<void> {
    const { socket, busy } = watched;
    if (busy || socket.isThere()) return;
    const { path } = socket;
    const how = identityOf(path) === undefined ? "removed" : "replaced";
    watched.busy = true;
    try {
      await socket.putBack();
      if (!socket.isThere()) throw new Error("it is not there again");
      this.#log.warn({ path, how }, `${path} had been ${how}: put back`);
      watched.failures = 0;
      watched.cause = undefined;
    } catch (error) {
      const cause = (error as Error).message;
      // Logged once: it is tried again every second.
      if (watched.cause !== cause)
        this.#log.error({ path, how, cause }, `cannot put back ${path}, which has been ${how}: ${cause}`);
      watched.failures += 1;
      watched.cause = cause;
    } finally {
      watched.busy = false;
    }
  }
}

/** The socket that a name leads to; undefined if there is none, or no socket. */
export function identityOf(path: string): Identity | undefined {
  try {
    const { dev, ino } = lstatSync(path);
    return { dev, ino };
  } catch {
    return undefined;
  }
}

export function isSame(a: Identity | undefined, b: Identity | undefined): boolean {
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}
