// A server of PID 1's own at a Unix socket. It listens anew when the name of the socket has been removed or replaced.
import { chmodSync, rmSync } from "node:fs";
import type { Server } from "node:net";
import { type Identity, identityOf, isSame, type SocketWatch } from "../supervise/sockets/socket-watch.ts";

export interface PathAddress {
  path: string;
  /** The file mode, which decides who may connect. */
  mode: number;
  /** The listening socket at that path, where the boot has served at it. */
  fd?: number | undefined;
}

/** Serves at a path until the process ends. `onError` is called if it cannot listen at all. */
export function serveAtPath(
  { path, mode, fd }: PathAddress,
  open: () => Server,
  sockets: SocketWatch,
  onError: (error: Error) => void,
): void {
  let server: Server | undefined;
  let identity: Identity | undefined;
  const listen = async (): Promise<void> => {
    const inherited = server === undefined ? fd : undefined;
    // libuv removes whatever file has the name now.
    server?.close();
    if (inherited === undefined) rmSync(path, { recursive: true, force: true });
    server = open();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.on("error", reject);
    server.listen(inherited === undefined ? path : { fd: inherited }, resolve);
    server.unref();
    await promise;
    chmodSync(path, mode);
    identity = identityOf(path);
  };
  listen().then(
    () => sockets.add({ path, isThere: () => isSame(identity, identityOf(path)), putBack: listen }),
    onError,
  );
}
