import { readMemoryAccount } from "../platform/cgroup.ts";
import { readCgroupUsage } from "../platform/cgroup-usage.ts";
import { type Family, single } from "./family.ts";

/** What the container uses as a whole; `root` is where its cgroup is mounted. */
export function collectContainer(root?: string): Family[] {
  const usage = readCgroupUsage(root);
  const memory = readMemoryAccount(root);
  const workingSet =
    memory === undefined ? undefined : Math.max(0, memory.usageBytes - (usage.inactiveFileBytes ?? 0));
  return [
    ...single("djinit_container_cpu_seconds_total", usage.cpuSeconds),
    ...single("djinit_container_cpu_periods_total", usage.periods),
    ...single("djinit_container_cpu_throttled_periods_total", usage.throttledPeriods),
    ...single("djinit_container_cpu_throttled_seconds_total", usage.throttledSeconds),
    ...single("djinit_container_memory_bytes", memory?.usageBytes),
    ...single("djinit_container_memory_working_set_bytes", workingSet),
    ...single("djinit_container_memory_limit_bytes", memory?.limitBytes),
    ...single("djinit_container_oom_kills_total", memory?.oomKills),
  ];
}
