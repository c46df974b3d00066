// Listening sockets that PID 1 holds for a service. They outlive its processes, and so do the connections that wait in
// them while a process dies, is restarted or drains.
import { closeSync, unlinkSync } from "node:fs";
import { isIPv6 } from "node:net";
import { type Clock, until } from "../../base/clock.ts";
import { socketVariables } from "../../plan/inherited-descriptors.ts";
import type { HeldSocket, SocketPlan } from "../../plan/plan.ts";
import { countWaiting, divertConnections, isPortHeld, listenTcp } from "../../platform/listening-socket.ts";
import { countHandshakes } from "../../platform/tcp-table.ts";
import { connectionsAt } from "../../platform/unix-table.ts";

/**
 * A burst of connections waits there for nginx; the kernel has its own limit besides (net.core.somaxconn). nginx takes 511
 * for granted, and leaves an inherited socket as it is unless its files say something else.
 */
const BACKLOG = 4_096;
/** Looking at a socket takes microseconds. */
const LOOK_PERIOD_MS = 2;
/** Reading the kernel's table of all connections takes 5 to 10 ms. */
const TABLE_PERIOD_MS = 25;
/**
 * A handshake takes a round trip, and on a loaded machine its last packet may wait for a second. Only handshakes that are
 * under way are waited for.
 */
const HANDSHAKES_END_MS = 3_000;
/** A process that has not accepted for this long never will. */
const ACCEPTING_MS = 3_000;
/** The same of an application whose workers are busy: what waits there was taken from nginx, which cannot ask again. */
const APPLICATION_ACCEPTING_MS = 10_000;
/** nginx starts within a second, on a busy machine too. */
const STARTING_MS = 10_000;
/** nginx closes its listeners as soon as it gets QUIT. */
const LISTENERS_CLOSE_MS = 1_000;

export class HeldSockets {
  #plan: SocketPlan;
  readonly #clock: Clock;
  readonly #open = new Map<string, { socket: HeldSocket; fd: number }>();
  /** Sockets that cannot be opened again. */
  readonly #gone = new Set<string>();
  #decoys: number[] = [];
  /** The names that it has taken away. */
  #left: string[] = [];
  #refuses = false;

  constructor(plan: SocketPlan, clock: Clock) {
    this.#plan = plan;
    this.#clock = clock;
  }

  /** Opens missing sockets. Returns the descriptors for the next process, which opens by itself what cannot be opened here. */
  descriptors(): number[] {
    // The next process may be there for what waits alone.
    if (!this.#refuses) this.#endDiversion();
    for (const socket of this.#plan.sockets) {
      if (this.#open.has(keyOf(socket)) || this.#gone.has(keyOf(socket))) continue;
      const fd = socket.kind === "tcp" ? listenTcp(socket, BACKLOG) : socket.fd;
      if (fd !== undefined) this.#open.set(keyOf(socket), { socket, fd });
    }
    return [...this.#open.values()].map(({ fd }) => fd);
  }

  /** Whether the boot's socket is still held. */
  get holdsInherited(): boolean {
    return (
      this.#left.length === 0 && [...this.#open.values()].some(({ socket }) => socket.kind === "inherited")
    );
  }

  /** From now on the service listens at these sockets. Releases the others, as the service's processes do. */
  replan(plan: SocketPlan): void {
    this.#plan = plan;
    const wanted = new Set(plan.sockets.map(keyOf));
    for (const key of this.#open.keys()) if (!wanted.has(key)) this.#close(key);
  }

  /** The variables that tell the process which descriptors it has inherited. */
  variables(count: number): Record<string, string> {
    return socketVariables(this.#plan.variable, count);
  }

  /** Whether connections wait for a process, or will in a moment. */
  get isAwaited(): boolean {
    return this.#isQueueFilled() || this.#countHandshakes() > 0 || !this.#areNamesEmpty();
  }

  /** Refuses new connections from now on. Clients that ask for a name are to wait for the next container. */
  divert(): void {
    this.#refuses = true;
    for (const name of this.#names()) {
      if (this.#left.includes(name)) continue;
      this.#left.push(name);
      removeName(name);
    }
    if (this.#decoys.length > 0) return;
    for (const { socket } of this.#open.values())
      if (socket.kind === "tcp") this.#decoys.push(...divertConnections(socket));
  }

  /**
   * Refuses new connections from now on. Resolves when every connection that the kernel has taken already has been accepted:
   * closing a listener resets the connections that wait in it.
   */
  async refuseNew(): Promise<void> {
    // Its process has just been started, for what waits alone.
    const isForTheRest = this.#refuses;
    this.divert();
    await until(this.#clock, LOOK_PERIOD_MS, APPLICATION_ACCEPTING_MS, () => this.#areNamesEmpty());
    if (this.#decoys.length === 0 && !isForTheRest) return;
    // In this order: no new handshake begins, and one under way ends in the queue.
    await until(this.#clock, TABLE_PERIOD_MS, HANDSHAKES_END_MS, () => this.#countHandshakes() === 0);
    const limitMs = isForTheRest ? STARTING_MS : ACCEPTING_MS;
    await until(this.#clock, LOOK_PERIOD_MS, limitMs, () => !this.#isQueueFilled());
  }

  #isQueueFilled(): boolean {
    return [...this.#open.values()].some(({ socket, fd }) => socket.kind === "tcp" && countWaiting(fd) > 0);
  }

  #countHandshakes(): number {
    const family = this.#plan.sockets.some((it) => it.kind === "tcp" && isIPv6(it.host)) ? "both" : "IPv4";
    const ports = this.#ports();
    return ports.length === 0 ? 0 : countHandshakes(ports, family);
  }

  /** The kernel knows a socket by its name also when that is gone. */
  #areNamesEmpty(): boolean {
    return this.#names().every((name) => (connectionsAt(name)?.waiting ?? 0) === 0);
  }

  #names(): string[] {
    return [...this.#open.values()].flatMap(({ socket }) =>
      socket.kind === "inherited" && socket.leaves !== undefined ? [socket.leaves] : [],
    );
  }

  /** Releases the sockets of a process that has been asked to end. From then on, connections are refused. */
  async release(): Promise<void> {
    this.#refuses = false;
    const ports = this.#ports();
    for (const key of this.#open.keys()) this.#close(key);
    if (this.#decoys.length === 0) return;
    await until(this.#clock, LOOK_PERIOD_MS, LISTENERS_CLOSE_MS, () => !ports.some(isPortHeld));
    this.#endDiversion();
  }

  #close(key: string): void {
    const held = this.#open.get(key);
    if (held === undefined) return;
    closeSync(held.fd);
    this.#open.delete(key);
    // Its number may belong to another file by now.
    if (held.socket.kind === "inherited") this.#gone.add(key);
  }

  #endDiversion(): void {
    for (const fd of this.#decoys.splice(0)) closeSync(fd);
  }

  #ports(): number[] {
    return [...this.#open.values()].flatMap(({ socket }) => (socket.kind === "tcp" ? [socket.port] : []));
  }
}

function removeName(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Somebody else has removed it.
  }
}

function keyOf(socket: HeldSocket): string {
  return JSON.stringify(socket);
}
