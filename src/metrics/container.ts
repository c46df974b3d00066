import type { Place } from "../platform/cgroup/levels.ts";
import { readMemoryAccount } from "../platform/cgroup/memory-account.ts";
import { readPressure } from "../platform/cgroup/pressure.ts";
import { readCgroupUsage } from "../platform/cgroup/usage.ts";
import { type Family, family, single } from "./family.ts";

/** What the container uses as a whole. */
export function collectContainer(place?: Place): Family[] {
  const usage = readCgroupUsage(place);
  const memory = readMemoryAccount(place);
  const pressure = readPressure(place).map(({ resource, share, seconds }) => ({
    labels: { resource, share },
    value: seconds,
  }));
  const workingSet =
    memory === undefined ? undefined : Math.max(0, memory.usageBytes - (usage.inactiveFileBytes ?? 0));
  return [
    ...single("djinit_container_cpu_seconds_total", usage.cpuSeconds),
    ...single("djinit_container_cpu_periods_total", usage.periods),
    ...single("djinit_container_cpu_throttled_periods_total", usage.throttledPeriods),
    ...single("djinit_container_cpu_throttled_seconds_total", usage.throttledSeconds),
    ...(pressure.length === 0 ? [] : [family("djinit_container_pressure_seconds_total", pressure)]),
    ...single("djinit_container_memory_bytes", memory?.usageBytes),
    ...single("djinit_container_memory_working_set_bytes", workingSet),
    ...single("djinit_container_memory_limit_bytes", memory?.limitBytes),
    ...single("djinit_container_oom_kills_total", memory?.oomKills),
  ];
}
