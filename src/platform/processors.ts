// How many processors the container may use.
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/**
 * The processors that the container is given: those of its cpuset, and of its quota, rounded up. Node itself looks for the quota
 * only where version 2 of cgroups is mounted.
 */
export function readProcessors(root = "/sys/fs/cgroup", available = availableParallelism()): number {
  return Math.max(1, Math.min(available, Math.ceil(readQuota(root))));
}

/** In processors; infinite where there is none. */
function readQuota(root: string): number {
  const [quota = "", period = ""] = read(`${root}/cpu.max`).split(" ");
  const v1 = [read(`${root}/cpu/cpu.cfs_quota_us`), read(`${root}/cpu/cpu.cfs_period_us`)] as const;
  for (const [allowed, of] of [[quota, period], v1]) {
    const processors = Number.parseInt(allowed ?? "", 10) / Number.parseInt(of ?? "", 10);
    // -1 and max: no quota.
    if (processors > 0) return processors;
  }
  return Number.POSITIVE_INFINITY;
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
