// What services of the project's code may write to under DJINIT_CONFINE=all. Pure.
import type { Confinement } from "../../base/confinement.ts";
import type { Config } from "../../config/variables.ts";
import { RUN_DIRECTORY } from "../paths.ts";
import type { ServicePlan } from "../plan.ts";

/** Besides the project's own. In /dev lie the terminal, /dev/null and shared memory. */
const ALWAYS = [RUN_DIRECTORY, "/tmp", "/var/tmp", "/dev"];

export type Places = Pick<Config, "appDirectory"> &
  Partial<Pick<Config, "staticRoot" | "mediaRoot" | "protectedRoot" | "writable">>;

/** They read and execute what their user may. */
export function confineWrites({
  appDirectory,
  staticRoot,
  mediaRoot,
  protectedRoot,
  writable = [],
}: Places): Confinement {
  const roots = [staticRoot, mediaRoot, protectedRoot].filter((path) => path !== undefined);
  return {
    kind: "writes",
    appDirectory,
    system: [],
    reads: [],
    served: [],
    lists: [],
    linked: [],
    writes: [...new Set([...ALWAYS, appDirectory, ...roots, ...writable])],
    creates: [],
  };
}

/** nginx has a confinement of its own, and what keeps root keeps all of it. */
export function confineService(service: ServicePlan, config: Places & Pick<Config, "confine">): ServicePlan {
  const isFree = config.confine !== "all" || service.name === "nginx" || service.user === "root";
  return isFree ? service : { ...service, confinement: confineWrites(config) };
}
