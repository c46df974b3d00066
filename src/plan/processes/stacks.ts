// Where the Python processes of a service write their stacks when `djinit dump` asks them (djinit_stacks.py).
import { DJANGO_USER, HOME_DIRECTORY } from "../paths.ts";
import type { ServicePlan } from "../plan.ts";

export const stacksFile = (service: string): string => `${HOME_DIRECTORY}/.${service}.stacks`;

/** A command of the user's own is not asked: it may be anything. */
export function withStacks(service: ServicePlan): ServicePlan {
  const { name, user, environment } = service;
  if (user !== DJANGO_USER || name === "command") return service;
  return { ...service, environment: { ...environment, DJINIT_STACKS: stacksFile(name) } };
}
