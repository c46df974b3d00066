// Keeps a server's connections few without turning anybody away who has a question: a connection that asks for nothing
// gives way.
import type { Server, Socket } from "node:net";

export interface ConnectionLimit {
  /** So many are kept. */
  most: number;
  /** Whether one that is being answered gives way too, where no other is left; else the newcomer is closed. */
  interrupts: boolean;
}

/** What is known of the connections, for the server to say when it answers one. */
export interface Connections {
  /** It has sent a complete request, and is being answered. */
  busy(socket: Socket): void;
  /** It has been answered. */
  idle(socket: Socket): void;
}

type Use = "busy" | "idle";

/** Those that have just come may still be about to ask: their first bytes are looked at before any of them gives way. */
const BURST_FACTOR = 2;

export function limitConnections(server: Server, { most, interrupts }: ConnectionLimit): Connections {
  /** The one that has been as it is for longest comes first. */
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
    // PID 1's descriptors may be few.
    shrinkTo(BURST_FACTOR * most, socket);
    if (isDue || uses.size <= most) return;
    isDue = true;
    // After the next turn, in which what they have sent is read.
    setImmediate(() =>
      setImmediate(() => {
        isDue = false;
        shrinkTo(most);
      }),
    );
  });
  return { busy: (socket) => note(socket, "busy"), idle: (socket) => note(socket, "idle") };
}
