import { DjinitError } from "../../base/errors.ts";
import { type AdminContext, findService, refuseWhereItMayNot } from "../context.ts";
import type { Done, Request } from "../protocol.ts";

/** Stops one service. It stays stopped until `start` or `restart`. */
export async function stop({ service: name }: Request, context: AdminContext): Promise<Done> {
  const { supervisor, log } = context;
  const service = findService(supervisor, name);
  refuseWhereItMayNot(context, "stop", service);
  if (service.ended) {
    throw new DjinitError(
      "DJINIT_REFUSED",
      `cannot stop ${service.name}: it is ${service.state.name} already; \`djinit start ${service.name}\` starts it`,
    );
  }
  log.info({ target: service.name }, `stopping ${service.name}: an operator asked for it`);
  await supervisor.operations.stop(service);
  const dependents = supervisor.services.filter((it) => it.ready && it.plan.after.includes(service.name));
  const notes = [
    ...dependents.map((it) => `${it.name} runs on without it`),
    ...(supervisor.counts(service) ? ["the container is not ready until it is started again"] : []),
  ];
  return {
    ok: service.ended,
    done: `${service.name} is ${service.state.name}${notes.map((note) => `; ${note}`).join("")}`,
  };
}
