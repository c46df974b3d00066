// All that can be asked of the running container, by whom it may be asked.

import type { AdminContext } from "../control/context.ts";
import { serveControl } from "../control/server.ts";
import { PROBES_SOCKET, placedIn } from "../plan/paths.ts";
import { serveHttp } from "./server.ts";

/** Serves the control socket, the admin port and nginx's socket, as far as the plan has them. */
export function openAdmin(context: AdminContext): void {
  const { admin, run } = context.supervisor.plan;
  const { port, address, nginxProbes } = admin;
  serveControl(context);
  if (port !== 0) serveHttp({ port, ...(address === undefined ? {} : { host: address }) }, context, true);
  if (nginxProbes) serveHttp({ path: placedIn(run, PROBES_SOCKET) }, context, false);
}
