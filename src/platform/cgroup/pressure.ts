// How long processes of the container have waited for what is scarce: the kernel's PSI, which version 2 of cgroups has.
import { HERE, levelsOf, type Place, readText } from "./levels.ts";

export const RESOURCES = ["cpu", "memory", "io"] as const;

export interface Pressure {
  resource: (typeof RESOURCES)[number];
  /** `some`: at least one process has waited; `full`: none could run. */
  share: "some" | "full";
  seconds: number;
}

/** Since the container's cgroup was made. Empty where the kernel does not tell. */
export function readPressure(place: Place = HERE): Pressure[] {
  const [own] = levelsOf("memory", place);
  return RESOURCES.flatMap((resource) => {
    const found = readText(`${own}/${resource}.pressure`).matchAll(/^(some|full) .*\btotal=(\d+)$/gm);
    return [...found].map(([, share, total]) => ({
      resource,
      share: share as Pressure["share"],
      seconds: Number(total) / 1e6,
    }));
  });
}
