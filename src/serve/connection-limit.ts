// Limits a server's connections without turning away clients that ask something: idle connections are closed first.
import type { Server, Socket } from "node:net";

export interface ConnectionLimit {
  /** The most connections that are kept. */
  most: number;
  /** If no idle connection is left: whether the oldest busy one is closed, or the newcomer. */
  interrupts: boolean;
}

/** The server reports here when it begins and ends to answer a connection. */
export interface Connections {
  /** The client has sent a complete request, and is being answered. */
  busy(socket: Socket): void;
  /** The client has been answered. */
  idle(socket: Socket): void;
}

type Use = "busy" | "idle";

/** New clients may be about to ask. Their first bytes are read before any of them is closed. */
const BURST_FACTOR = 2;

export function limitConnections(server: Server, { most, interrupts }: ConnectionLimit): Connections {
  /** The connection that has been in its state for the longest comes first. */
  const uses = new Map<Socket, Use>();
  let isDue = false;
  const note = (socket: Socket, use: Use): void => {
    if (!uses.delete(socket)) return;
    uses.set(socket, use);
  };
  const find = (wanted: Use, but: Socket | undefined): Socket | undefined => {
    for (const [socket, use] of uses) if (use === wanted && socket !== but) return socket;
    return undefined;
  };
  const shrinkTo = (limit: number, newcomer?: Socket): void => {
    while (uses.size > limit) {
      const victim = find("idle", newcomer) ?? (interrupts ? find("busy", newcomer) : newcomer);
      if (victim === undefined) return;
      uses.delete(victim);
      victim.destroy();
    }
  };
  server.on("connection", (socket: Socket) => {
    uses.set(socket, "idle");
    socket.once("close", () => uses.delete(socket));
    // PID 1 may have few descriptors.
    shrinkTo(BURST_FACTOR * most, socket);
    if (isDue || uses.size <= most) return;
    isDue = true;
    // After the next turn of the event loop, in which their requests are read.
    setImmediate(() =>
      setImmediate(() => {
        isDue = false;
        shrinkTo(most);
      }),
    );
  });
  return { busy: (socket) => note(socket, "busy"), idle: (socket) => note(socket, "idle") };
}
