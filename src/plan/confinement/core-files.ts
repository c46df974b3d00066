// Which services may leave core files. Pure.
import type { ServicePlan } from "../plan.ts";

/** start-service takes it out of the environment, and lifts the limit that the first program of the container has set. */
const VARIABLE = "DJINIT_CORE_FILES";

/** nginx has the keys of its certificates, and nothing of the project's to look for. */
export function allowCoreFiles(service: ServicePlan, coreFiles: boolean): ServicePlan {
  if (!coreFiles || service.name === "nginx") return service;
  return { ...service, environment: { ...service.environment, [VARIABLE]: "1" } };
}
