// Opens every way to ask the running container something.

import type { AdminContext } from "../control/context.ts";
import { serveControl } from "../control/server.ts";
import { PROBES_SOCKET, placedIn } from "../plan/paths.ts";
import { serveHttp } from "./server.ts";

/** Serves the control socket, and, if they are in the plan, the admin port and nginx's socket. */
export function openAdmin(context: AdminContext): void {
  const { admin, adminFds = {}, run } = context.supervisor.plan;
  const { port, address, nginxProbes } = admin;
  serveControl(context, adminFds.control);
  const at = { port, ...(address === undefined ? {} : { host: address }) };
  if (port !== 0) serveHttp(at, context, { withMetrics: true, fd: adminFds.http });
  if (nginxProbes) serveHttp({ path: placedIn(run, PROBES_SOCKET) }, context, { withMetrics: false });
}
