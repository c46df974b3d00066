import { rmSync } from "node:fs";
import type { ServicePlan } from "../../plan/plan.ts";
import { writeNginxWaits } from "./nginx-waits.ts";

/** What has to be so in the file system before a process of a service starts. */
export function prepareFiles({ staleSockets = [], waits }: ServicePlan): void {
  for (const path of staleSockets) rmSync(path, { force: true });
  if (waits !== undefined) writeNginxWaits(waits);
}
