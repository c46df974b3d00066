import type { Service } from "../../supervise/service.ts";
import { type AdminContext, findServices, refuseWhereItMayNot } from "../context.ts";
import type { Done, Request } from "../protocol.ts";
import { howTheyCameUp, startOne } from "./start.ts";

/**
 * Stops a service as the container's stop would, and starts it again. A stopped service is started. Of several, one after the
 * other: where one does not come up, the rest run on as they are.
 */
export async function restart(request: Request, context: AdminContext): Promise<Done> {
  const services = findServices(context.supervisor, request.service);
  for (const service of services) refuseWhereItMayNot(context, "restart", service);
  const done: Service[] = [];
  for (const service of services) {
    if (context.supervisor.draining) break;
    done.push(service);
    await restartOne(service, context);
    if (!service.ready) break;
  }
  return howTheyCameUp(services, done);
}

async function restartOne(service: Service, context: AdminContext): Promise<void> {
  if (service.pid === undefined) return startOne(service, context);
  context.log.info({ target: service.name }, `restarting ${service.name}: an operator asked for it`);
  await context.supervisor.operations.restart(service);
}
