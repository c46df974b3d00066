// Requests wait here for an application that is away: nginx asks this server where nobody listens at the application's socket.
// What comes is read only when there is somebody to pass it on to.
import { statSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../base/clock.ts";

/** Longer than a container takes to be started anew; within nginx's own minute for an answer. */
const LONGEST_WAIT_MS = 30_000;
/** As short as nobody notices. One look serves all that wait. */
const LOOK_PERIOD_MS = 50;
/** As many as nginx has connections for: a request takes two of them. */
const MOST_HELD = 2_048;
/**
 * nginx also comes here when the application has taken a request and ended without an answer. A socket that has been there for
 * longer than this was there then: the request is not made a second time.
 */
const NEW_SOCKET_MS = 5_000;
/** Of a container that is killed, the worker may be gone before the socket is. */
const CONTAINER_ENDS_MS = 250;

/** A server that passes each connection on to `socketPath`, as soon as somebody listens there. */
export function holdServer(socketPath: string, clock: Clock): Server {
  const door = new Door(socketPath, clock);
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    client.on("error", () => client.destroy());
    void door.enter(client).then((application) => {
      if (application === undefined) client.destroy();
      else join(client, application);
    });
  });
  server.maxConnections = MOST_HELD;
  return server;
}

function join(client: Socket, application: Socket): void {
  // Each side's end is passed on by itself: the other may still have something to say.
  client.pipe(application);
  application.pipe(client);
  client.once("close", () => application.destroy());
  application.once("close", () => client.destroy());
}

class Door {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #looks = false;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** A connection to the application; undefined if it does not come, or if the client is not to wait for it. */
  async enter(client: Socket): Promise<Socket | undefined> {
    for (const isLast of [false, true]) {
      const at = await reach(this.#path);
      if (at === undefined) break;
      if (isNew(this.#path)) return at;
      at.destroy();
      if (isLast) return undefined;
      await new Promise<void>((resolve) => this.#clock.after(CONTAINER_ENDS_MS, resolve));
    }
    const endMs = this.#clock.monotonicMs() + LONGEST_WAIT_MS;
    while (!client.destroyed) {
      const leftMs = endMs - this.#clock.monotonicMs();
      if (leftMs <= 0 || !(await this.#opens(leftMs))) return undefined;
      const application = await reach(this.#path);
      if (application !== undefined) return application;
    }
    return undefined;
  }

  /** Resolves with true when somebody listens, with false after `limitMs`. */
  #opens(limitMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const open = (): void => {
      cancel();
      resolve(true);
    };
    const cancel = this.#clock.after(limitMs, () => {
      this.#waiting.delete(open);
      resolve(false);
    });
    this.#waiting.add(open);
    if (!this.#looks) void this.#look();
    return promise;
  }

  async #look(): Promise<void> {
    this.#looks = true;
    while (this.#waiting.size > 0) {
      await new Promise<void>((resolve) => this.#clock.after(LOOK_PERIOD_MS, resolve));
      const application = await reach(this.#path);
      if (application === undefined) continue;
      application.destroy();
      for (const open of this.#waiting) open();
      this.#waiting.clear();
    }
    this.#looks = false;
  }
}

function isNew(path: string): boolean {
  try {
    return Date.now() - statSync(path).ctimeMs < NEW_SOCKET_MS;
  } catch {
    return true;
  }
}

/** Undefined where nobody takes the connection. */
function reach(path: string): Promise<Socket | undefined> {
  const { promise, resolve } = Promise.withResolvers<Socket | undefined>();
  const socket = connect({ path, allowHalfOpen: true });
  socket.once("connect", () => resolve(socket));
  // After the connection, the pipeline hears of it.
  socket.on("error", () => resolve(undefined));
  return promise;
}
