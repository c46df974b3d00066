import { DjinitError } from "../../base/errors.ts";
import { type AdminContext, findServices, refuseWhereItMayNot } from "../context.ts";
import type { Done, Request } from "../protocol.ts";

/** Stops one service, or several at the same time. They stay stopped until `start` or `restart`. */
export async function stop({ service: name }: Request, context: AdminContext): Promise<Done> {
  const { supervisor, log } = context;
  const services = findServices(supervisor, name);
  for (const service of services) refuseWhereItMayNot(context, "stop", service);
  const running = services.filter(({ ended }) => !ended);
  if (running.length === 0) {
    const states = services
      .map((it) => `${it.name === name ? "it" : it.name} is ${it.state.name}`)
      .join(", ");
    throw new DjinitError(
      "DJINIT_REFUSED",
      `cannot stop ${name}: ${states} already; \`djinit start ${name}\` starts it`,
    );
  }
  for (const service of running)
    log.info({ target: service.name }, `stopping ${service.name}: an operator asked for it`);
  await Promise.all(running.map((service) => supervisor.operations.stop(service)));
  const names = running.map((service) => service.name);
  const dependents = supervisor.services.filter(
    (it) => it.ready && it.plan.after.some((needed) => names.includes(needed)),
  );
  const notes = [
    ...dependents.map((it) => `${it.name} runs on without it`),
    ...(running.some((service) => supervisor.counts(service))
      ? ["the container is not ready until it is started again"]
      : []),
  ];
  return {
    ok: running.every(({ ended }) => ended),
    done: `${running.map((it) => `${it.name} is ${it.state.name}`).join(", ")}${notes.map((note) => `; ${note}`).join("")}`,
  };
}
