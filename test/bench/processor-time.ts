import type { Container } from "../support/docker.ts";

/** Processor time of one call of a shell command in a container, user and system, in ms; the mean of `calls`. */
export async function processorMs(container: Container, command: string, calls: number): Promise<number> {
  const script = `for call in $(seq ${calls}); do ${command} > /dev/null || exit 1; done; times`;
  const text = await container.output(["bash", "-c", script], { timeoutMs: 120_000 });
  // The second line is of the children: «0m0.123s 0m0.045s».
  const times = [...(text.trim().split("\n").at(-1) ?? "").matchAll(/(\d+)m([\d.]+)s/g)];
  if (times.length !== 2) throw new Error(`cannot read the processor time of ${command}\n${text}`);
  const seconds = times.reduce((sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest), 0);
  return (seconds * 1000) / calls;
}

/** The kernel counts processor time in hundredths of a second. */
const TICK_MS = 10;

/** Processor time that a process has used so far, in ms. */
export async function usedMs(container: Container, pid: number): Promise<number> {
  const stat = await container.output(["cat", `/proc/${pid}/stat`]);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** cgroup v2, then v1: µs in a line of a table, and ns. */
const OF_ALL = "cat /sys/fs/cgroup/cpu.stat 2>/dev/null || cat /sys/fs/cgroup/cpuacct/cpuacct.usage";

/** Processor time that all processes of a container have used so far, those that have ended too, in seconds. */
export async function usedByAllSeconds(container: Container): Promise<number> {
  const text = await container.output(["sh", "-c", OF_ALL]);
  const [, microseconds] = /^usage_usec (\d+)$/m.exec(text) ?? [];
  return microseconds === undefined ? Number(text) / 1e9 : Number(microseconds) / 1e6;
}
