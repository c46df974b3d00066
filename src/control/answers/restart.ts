import { type AdminContext, findService, refuseWhereItMayNot } from "../context.ts";
import type { Done, Request } from "../protocol.ts";
import { howItCameUp, start } from "./start.ts";

/** Stops a service as the container's stop would, and starts it again. A stopped service is started. */
export async function restart(request: Request, context: AdminContext): Promise<Done> {
  const { supervisor, log } = context;
  const service = findService(supervisor, request.service);
  refuseWhereItMayNot(context, "restart", service);
  if (service.pid === undefined) return start(request, context);
  log.info({ target: service.name }, `restarting ${service.name}: an operator asked for it`);
  await supervisor.operations.restart(service);
  return howItCameUp(service);
}
