import { rmSync } from "node:fs";
import type { ServicePlan } from "../../plan/plan.ts";
import { placeText } from "../../plan/run-directory.ts";
import { mirrorFiles } from "../../platform/mirror.ts";
import { writeNginxWaits } from "./nginx-waits.ts";

/** Prepares the file system before a process of a service starts. */
export function prepareFiles({ staleSockets = [], waits, mirror }: ServicePlan): void {
  for (const path of staleSockets) rmSync(path, { force: true });
  if (waits !== undefined) writeNginxWaits(waits);
  if (mirror !== undefined) mirrorConfiguration(mirror);
}

/** Also before a look at what the files say now. Errors: the system's own. */
export function mirrorConfiguration({ from, to, run }: NonNullable<ServicePlan["mirror"]>): void {
  mirrorFiles(from, to, (text) => placeText(text, run));
}
