import { DjinitError } from "../../base/errors.ts";
import type { Service } from "../../supervise/service.ts";
import { type AdminContext, findServices, refuseWhereItMayNot } from "../context.ts";
import type { Done, Request } from "../protocol.ts";

/** Starts a stopped service, or what is stopped of several. Answers when they are ready or have failed. */
export async function start({ service: name }: Request, context: AdminContext): Promise<Done> {
  const services = findServices(context.supervisor, name);
  for (const service of services) refuseWhereItMayNot(context, "start", service);
  const stopped = services.filter(({ pid }) => pid === undefined);
  if (stopped.length === 0) {
    const states = services
      .map((it) => `${it.name === name ? "it" : it.name} is ${it.state.name}`)
      .join(", ");
    const text = `cannot start ${name}: ${states} already`;
    throw new DjinitError("DJINIT_REFUSED", `${text}; \`djinit restart ${name}\` starts it anew`);
  }
  await Promise.all(stopped.map((service) => startOne(service, context)));
  return howTheyCameUp(stopped);
}

/** Errors: a service that it needs is not ready. */
export async function startOne(service: Service, { supervisor, log }: AdminContext): Promise<void> {
  const missing = supervisor.services.filter((it) => service.plan.after.includes(it.name) && !it.ready);
  if (missing.length > 0) {
    const names = missing.map((it) => `${it.name}, which is ${it.state.name}`).join(", ");
    throw new DjinitError("DJINIT_REFUSED", `cannot start ${service.name}: it needs ${names}`);
  }
  log.info({ target: service.name }, `starting ${service.name}: an operator asked for it`);
  await supervisor.operations.start(service);
}

/** Whether services that were started have come up. `tried` are those whose turn it was. */
export function howTheyCameUp(services: readonly Service[], tried = services): Done {
  const left = services.filter((service) => !tried.includes(service)).map(({ name }) => name);
  const sentences = tried.map(howItCameUp);
  if (left.length > 0) sentences.push(`${left.join(", ")}: not restarted`);
  return { ok: left.length === 0 && tried.every(({ ready }) => ready), done: sentences.join("\n") };
}

function howItCameUp({ name, state, ready, lastLines }: Service): string {
  if (ready) return `${name} is running`;
  const last = lastLines.at(-1);
  const said = last === undefined ? "" : `; it said last: ${last}`;
  return `${name} has not come up: it is ${state.name}${said}`;
}
