// What the kernel says of the container's cgroup and those above it: files of either version, as they are.
import { levelsOf, readText } from "../../platform/cgroup/levels.ts";

const FILES = [
  ...["memory.current", "memory.max", "memory.high", "memory.peak", "memory.swap.current", "memory.events"],
  ...["memory.stat", "memory.pressure", "cpu.max", "cpu.stat", "cpu.pressure", "io.stat", "io.pressure"],
  ...["pids.current", "pids.max", "pids.events", "cpuset.cpus.effective", "cgroup.events"],
  // Version 1's.
  ...["memory.usage_in_bytes", "memory.limit_in_bytes", "memory.max_usage_in_bytes", "memory.failcnt"],
  ...["memory.oom_control", "cpu.cfs_quota_us", "cpu.cfs_period_us", "cpuacct.usage"],
];
/** Version 1's, which djinit does not read otherwise. */
const PIDS = "/sys/fs/cgroup/pids";

export function describeCgroup(): string {
  const levels = (["memory", "cpu", "cpuacct"] as const).flatMap((controller) => levelsOf(controller));
  return [...new Set([...levels, PIDS])]
    .flatMap((level) => FILES.map((file) => `${level}/${file}`))
    .map((path) => [path, readText(path).trimEnd()] as const)
    .filter(([, text]) => text !== "")
    .map(([path, text]) => `== ${path}\n${text}\n`)
    .join("");
}
