// How many processors the container may use.
import { availableParallelism } from "node:os";
import { HERE, levelsOf, type Place, readText } from "./levels.ts";

export interface Processors {
  /** Those of its cpuset and of its quota: perhaps a fraction. */
  processors: number;
  /** Somebody has given it so many. Else they are the machine's. */
  hasQuota: boolean;
}

/** Whole ones, rounded up. */
export function readProcessors(place: Place = HERE, available = countAllowed()): number {
  return Math.max(1, Math.ceil(readShare(place, available).processors));
}

export function readShare(place: Place = HERE, available = countAllowed()): Processors {
  const levels = levelsOf("cpu", place);
  const quota = Math.min(...levels.map(readQuota));
  const cpuset = countList(readText(`${levels[0]}/cpuset.cpus.effective`)) ?? available;
  const processors = Math.min(cpuset, available);
  return quota < processors ? { processors: quota, hasQuota: true } : { processors, hasQuota: false };
}

/** In processors; infinite where there is none. */
function readQuota(level: string): number {
  const [quota = "", period = ""] = readText(`${level}/cpu.max`).split(" ");
  const v1 = [readText(`${level}/cpu.cfs_quota_us`), readText(`${level}/cpu.cfs_period_us`)] as const;
  for (const [allowed, of] of [[quota, period], v1]) {
    const processors = Number.parseInt(allowed ?? "", 10) / Number.parseInt(of ?? "", 10);
    // -1 and max: no quota.
    if (processors > 0) return processors;
  }
  return Number.POSITIVE_INFINITY;
}

/** Node's own count is rounded down by a quota of version 2. */
function countAllowed(): number {
  const [, list] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readText("/proc/self/status")) ?? [];
  return countList(list ?? "") ?? availableParallelism();
}

/** Of a list as the kernel writes it: `0-3,8`. */
export function countList(list: string): number | undefined {
  let count = 0;
  for (const part of list.trim().split(",")) {
    const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    if (from === undefined) return undefined;
    count += Number(to ?? from) - Number(from) + 1;
  }
  return count;
}
