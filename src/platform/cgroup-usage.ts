// The container's resource usage, from either version of the cgroup interface.
import { readFileSync } from "node:fs";

export interface CgroupUsage {
  cpuSeconds?: number;
  /** If there is a limit: the periods in which it ran, those in which it was throttled, and for how long. */
  periods?: number;
  throttledPeriods?: number;
  throttledSeconds?: number;
  /** Page cache that the kernel can drop at once. */
  inactiveFileBytes?: number;
}

/** The usage of the container's cgroup, mounted at `root`. Values that cannot be read are absent. */
export function readCgroupUsage(root = "/sys/fs/cgroup"): CgroupUsage {
  const read = (name: string): string => {
    try {
      return readFileSync(`${root}/${name}`, "latin1");
    } catch {
      return "";
    }
  };
  const v2 = read("cpu.stat");
  const cpu = v2 === "" ? read("cpu/cpu.stat") : v2;
  const memory = read("memory.stat") || read("memory/memory.stat");
  const nanoseconds = v2 === "" ? Number.parseInt(read("cpuacct/cpuacct.usage"), 10) : Number.NaN;
  return withoutUnknown({
    cpuSeconds: v2 === "" ? nanoseconds / 1e9 : field(v2, "usage_usec") / 1e6,
    periods: field(cpu, "nr_periods"),
    throttledPeriods: field(cpu, "nr_throttled"),
    throttledSeconds: v2 === "" ? field(cpu, "throttled_time") / 1e9 : field(cpu, "throttled_usec") / 1e6,
    inactiveFileBytes: v2 === "" ? field(memory, "total_inactive_file") : field(memory, "inactive_file"),
  });
}

function field(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? Number.NaN);
}

function withoutUnknown(usage: Required<CgroupUsage>): CgroupUsage {
  return Object.fromEntries(Object.entries(usage).filter(([, value]) => Number.isFinite(value)));
}
