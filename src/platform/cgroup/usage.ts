// The container's resource usage, from either version of the cgroup interface.
import { type Controller, HERE, levelsOf, type Place, readText } from "./levels.ts";

export interface CgroupUsage {
  cpuSeconds?: number;
  /** If there is a limit: the periods in which it ran, those in which it was throttled, and for how long. */
  periods?: number;
  throttledPeriods?: number;
  throttledSeconds?: number;
  /** Page cache that the kernel can drop at once. */
  inactiveFileBytes?: number;
}

/** The usage of the container's cgroup. Values that cannot be read are absent. */
export function readCgroupUsage(place: Place = HERE): CgroupUsage {
  const read = (controller: Controller, name: string): string =>
    readText(`${levelsOf(controller, place)[0]}/${name}`);
  const cpu = read("cpu", "cpu.stat");
  const memory = read("memory", "memory.stat");
  const usage = field(cpu, "usage_usec");
  const isV2 = Number.isFinite(usage);
  const nanoseconds = isV2 ? Number.NaN : Number.parseInt(read("cpuacct", "cpuacct.usage"), 10);
  return withoutUnknown({
    cpuSeconds: isV2 ? usage / 1e6 : nanoseconds / 1e9,
    periods: field(cpu, "nr_periods"),
    throttledPeriods: field(cpu, "nr_throttled"),
    throttledSeconds: isV2 ? field(cpu, "throttled_usec") / 1e6 : field(cpu, "throttled_time") / 1e9,
    inactiveFileBytes: readInactiveFile(memory),
  });
}

/** Page cache that the kernel can drop at once. */
export function readReclaimable(place: Place = HERE): number {
  return readInactiveFile(readText(`${levelsOf("memory", place)[0]}/memory.stat`)) || 0;
}

/** Version 1 tells of the cgroups below beside. */
function readInactiveFile(memory: string): number {
  const total = field(memory, "total_inactive_file");
  return Number.isFinite(total) ? total : field(memory, "inactive_file");
}

function field(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? Number.NaN);
}

function withoutUnknown(usage: Required<CgroupUsage>): CgroupUsage {
  return Object.fromEntries(Object.entries(usage).filter(([, value]) => Number.isFinite(value)));
}
