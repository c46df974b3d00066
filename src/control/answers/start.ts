import { DjinitError } from "../../base/errors.ts";
import type { Service } from "../../supervise/service.ts";
import { type AdminContext, findService, refuseWhereItMayNot } from "../context.ts";
import type { Done, Request } from "../protocol.ts";

/** Starts a stopped service. Answers when it is ready or has failed. */
export async function start({ service: name }: Request, context: AdminContext): Promise<Done> {
  const { supervisor, log } = context;
  const service = findService(supervisor, name);
  refuseWhereItMayNot(context, "start", service);
  if (service.pid !== undefined) {
    const text = `cannot start ${service.name}: it is ${service.state.name} already`;
    throw new DjinitError("DJINIT_REFUSED", `${text}; \`djinit restart ${service.name}\` starts it anew`);
  }
  const missing = supervisor.services.filter((it) => service.plan.after.includes(it.name) && !it.ready);
  if (missing.length > 0) {
    const names = missing.map((it) => `${it.name}, which is ${it.state.name}`).join(", ");
    throw new DjinitError("DJINIT_REFUSED", `cannot start ${service.name}: it needs ${names}`);
  }
  log.info({ target: service.name }, `starting ${service.name}: an operator asked for it`);
  await supervisor.operations.start(service);
  return howItCameUp(service);
}

/** Whether a service that was started has come up. */
export function howItCameUp({ name, state, ready, lastLines }: Service): Done {
  if (ready) return { ok: true, done: `${name} is running` };
  const last = lastLines.at(-1);
  const said = last === undefined ? "" : `; it said last: ${last}`;
  return { ok: false, done: `${name} has not come up: it is ${state.name}${said}` };
}
