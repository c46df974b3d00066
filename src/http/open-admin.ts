// Opens every way to ask the running container something.

import type { AdminContext } from "../control/context.ts";
import { serveControl } from "../control/server.ts";
import { PROBES_SOCKET, placedIn } from "../plan/paths.ts";
import { serveHttp } from "./server.ts";

/** Serves the control socket, and, if they are in the plan, the admin port and nginx's socket. */
export function openAdmin(context: AdminContext): void {
  const { admin, run } = context.supervisor.plan;
  const { port, address, nginxProbes } = admin;
  serveControl(context);
  if (port !== 0) serveHttp({ port, ...(address === undefined ? {} : { host: address }) }, context, true);
  if (nginxProbes) serveHttp({ path: placedIn(run, PROBES_SOCKET) }, context, false);
}
