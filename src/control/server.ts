// The control socket: one line of JSON asks, one answers. Only root and djinit's own user may connect.
import { CONTROL_SOCKET, placedIn } from "../plan/paths.ts";
import { lineServer } from "../serve/line-server.ts";
import { ANSWERS, isAsked } from "./answers.ts";
import type { AdminContext } from "./context.ts";
import { serveAtPath } from "./path-server.ts";
import type { Request } from "./protocol.ts";

/** Serves until the process ends. `fd` is the socket that the boot has served at, if it has. */
export function serveControl(context: AdminContext, fd: number | undefined): void {
  const open = () =>
    lineServer<Request>(isAsked, (request, socket) => ANSWERS[request.verb](request, context, socket));
  // Without the socket no verb works, but the services run on.
  const path = placedIn(context.supervisor.plan.run, CONTROL_SOCKET);
  serveAtPath({ path, mode: 0o600, fd }, open, context.sockets, (error) => {
    context.log.warn({ cause: error.message }, `cannot serve ${path}: ${error.message}`);
  });
}
