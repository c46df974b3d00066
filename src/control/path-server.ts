// A server of PID 1's own at a Unix socket. It listens anew when the name of the socket has been removed or replaced.
import { chmodSync, rmSync } from "node:fs";
import type { Server } from "node:net";
import { type Identity, identityOf, isSame, type SocketWatch } from "../supervise/sockets/socket-watch.ts";

/** Serves at `path`, with the file mode `mode`, until the process ends. `onError` is called if it cannot listen at all. */
export function serveAtPath(
  path: string,
  mode: number,
  open: () => Server,
  sockets: SocketWatch,
  onError: (error: Error) => void,
): void {
  let server: Server | undefined;
  let identity: Identity | undefined;
  const listen = async (): Promise<void> => {
    // libuv removes whatever file has the name now.
    server?.close();
    rmSync(path, { recursive: true, force: true });
    server = open();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.on("error", reject);
    server.listen(path, resolve);
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
