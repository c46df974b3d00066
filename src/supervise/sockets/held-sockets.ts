// Listening sockets that PID 1 holds for a service: they outlive its processes, and so do the connections that wait in
// them, when a process dies, is restarted or drains.
import { closeSync } from "node:fs";
import { isIPv6 } from "node:net";
import { type Clock, until } from "../../base/clock.ts";
import { socketVariables } from "../../plan/inherited-descriptors.ts";
import type { HeldSocket, SocketPlan } from "../../plan/plan.ts";
import { countWaiting, divertConnections, isPortHeld, listenTcp } from "../../platform/listening-socket.ts";
import { countHandshakes } from "../../platform/tcp-table.ts";

/** nginx's own; with another it would call listen(2) again. */
const BACKLOG = 511;
/** A look at a socket costs microseconds. */
const LOOK_PERIOD_MS = 2;
/** A look at the kernel's table of all connections costs 5 to 10 ms. */
const TABLE_PERIOD_MS = 25;
/**
 * A handshake takes a round trip, and on a machine under load its last packet may wait for a second to be looked at.
 * Only one that is under way is waited for.
 */
const HANDSHAKES_END_MS = 3_000;
/** A process that does not accept for so long will not. */
const ACCEPTING_MS = 3_000;
/** nginx closes its listeners as soon as it has read QUIT. */
const LISTENERS_CLOSE_MS = 1_000;

export class HeldSockets {
  #plan: SocketPlan;
  readonly #clock: Clock;
  readonly #open = new Map<string, { socket: HeldSocket; fd: number }>();
  /** Sockets that cannot be opened again. */
  readonly #gone = new Set<string>();
  #decoys: number[] = [];

  constructor(plan: SocketPlan, clock: Clock) {
    this.#plan = plan;
    this.#clock = clock;
  }

  /** Opens what is not open yet. Returns the descriptors for the service's next process; what cannot be had is its own to open. */
  descriptors(): number[] {
    this.#endDiversion();
    for (const socket of this.#plan.sockets) {
      if (this.#open.has(keyOf(socket)) || this.#gone.has(keyOf(socket))) continue;
      const fd = socket.kind === "tcp" ? listenTcp(socket, BACKLOG) : socket.fd;
      if (fd !== undefined) this.#open.set(keyOf(socket), { socket, fd });
    }
    return [...this.#open.values()].map(({ fd }) => fd);
  }

  /** Whether the socket that the boot has opened is still held. */
  get holdsInherited(): boolean {
    return [...this.#open.values()].some(({ socket }) => socket.kind === "inherited");
  }

  /** From now on the service listens at these. Lets go of others, whose processes do the same. */
  replan(plan: SocketPlan): void {
    this.#plan = plan;
    const wanted = new Set(plan.sockets.map(keyOf));
    for (const key of this.#open.keys()) if (!wanted.has(key)) this.#close(key);
  }

  /** What tells the process which descriptors it has been given. */
  variables(count: number): Record<string, string> {
    return socketVariables(this.#plan.variable, count);
  }

  /**
   * From now on connections are refused, but for those that the kernel has taken already: resolves when all of these
   * have been accepted. A listener that is just closed resets what waits in it.
   */
  async refuseNew(): Promise<void> {
    if (this.#decoys.length > 0) return;
    for (const { socket } of this.#open.values())
      if (socket.kind === "tcp") this.#decoys.push(...divertConnections(socket));
    if (this.#decoys.length === 0) return;
    // In this order: a handshake ends in the queue, and no new one begins.
    const ports = this.#ports();
    const family = this.#plan.sockets.some((it) => it.kind === "tcp" && isIPv6(it.host)) ? "both" : "IPv4";
    await until(this.#clock, TABLE_PERIOD_MS, HANDSHAKES_END_MS, () => countHandshakes(ports, family) === 0);
    await until(this.#clock, LOOK_PERIOD_MS, ACCEPTING_MS, () =>
      [...this.#open.values()].every(({ fd }) => countWaiting(fd) === 0),
    );
  }

  /** Lets go of the sockets of a process that has been asked to end. Clients are told «refused» from then on. */
  async release(): Promise<void> {
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
    // Its number may be another file's by now.
    if (held.socket.kind === "inherited") this.#gone.add(key);
  }

  #endDiversion(): void {
    for (const fd of this.#decoys.splice(0)) closeSync(fd);
  }

  #ports(): number[] {
    return [...this.#open.values()].flatMap(({ socket }) => (socket.kind === "tcp" ? [socket.port] : []));
  }
}

function keyOf(socket: HeldSocket): string {
  return JSON.stringify(socket);
}
