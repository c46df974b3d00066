// Opens every way to ask the running container something.

import type { AdminContext } from "../control/context.ts";
import { serveAtPath } from "../control/path-server.ts";
import { serveControl } from "../control/server.ts";
import { HOLD_SOCKET, PROBES_SOCKET, placedIn } from "../plan/paths.ts";
import { holdServer } from "../serve/hold-server.ts";
import { serveHttp } from "./server.ts";

/** Serves the control socket, and, if they are in the plan, the admin port and nginx's socket. */
export function openAdmin(context: AdminContext): void {
  const { admin, adminFds = {}, run } = context.supervisor.plan;
  const { port, address, nginxProbes } = admin;
  serveControl(context, adminFds.control);
  const at = { port, ...(address === undefined ? {} : { host: address }) };
  if (port !== 0) serveHttp(at, context, { withMetrics: true, fd: adminFds.http });
  holdRequests(context);
  if (nginxProbes) serveHttp({ path: placedIn(run, PROBES_SOCKET) }, context, { withMetrics: false });
}

/** Where another container has the application: nginx's requests wait while it is away. */
function holdRequests({ clock, log, sockets, supervisor }: AdminContext): void {
  const { run, services } = supervisor.plan;
  const path = placedIn(run, HOLD_SOCKET);
  for (const { behind } of services) {
    if (behind === undefined) continue;
    serveAtPath(
      { path, mode: 0o666 },
      () => holdServer(behind.socketPath, clock),
      sockets,
      ({ message: cause }) =>
        log.error({ path, cause }, `cannot hold requests for the application: ${cause}`),
    );
  }
}
