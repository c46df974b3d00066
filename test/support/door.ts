// An address that stays while the containers behind it change, as a load balancer's does.
import { createServer, connect as open, type Socket } from "node:net";

export interface Door extends AsyncDisposable {
  url: string;
  /** Connections go to this port of 127.0.0.1 from now on. Those that are open stay where they are. */
  leadTo(port: number): void;
}

export async function openDoor(): Promise<Door> {
  let target: number | undefined;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    if (target === undefined) return client.destroy();
    const behind = open(target, "127.0.0.1");
    for (const [one, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("cannot find the door's port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    leadTo: (port) => {
      target = port;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}
