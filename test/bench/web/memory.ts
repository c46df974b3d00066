// What a container takes of the machine's memory.
import { setTimeout as delay } from "node:timers/promises";
import type { Container } from "../../support/docker.ts";
import { docker } from "../../support/docker-cli.ts";
import { runContext } from "../../support/run-context.ts";
import { RUN_LABEL } from "../../support/run-id.ts";
import type { Sample } from "./figure.ts";
import { WEB_IMAGES } from "./web-images.ts";

/** What a start has left is given back by then: PID 1 of djinit looks after 5 s. */
const IDLE_MS = 7_000;
const MIB = 1024 ** 2;

/** `PID KiB` of each process; the shell that asks is none of the container's, and starts no other process. */
const PSS = `for directory in /proc/[0-9]*; do
  pid=\${directory#/proc/}
  [ "$pid" = $$ ] || while read -r name kib rest; do [ "$name" = Pss: ] && echo "$pid $kib"; done < "$directory/smaps_rollup"
done 2>/dev/null; true`;

/** cgroup v2, then v1. */
const COUNTED = `cd /sys/fs/cgroup
if [ -e memory.current ]; then cat memory.current; sed -n 's/^inactive_file //p' memory.stat
else cd memory; cat memory.usage_in_bytes; sed -n 's/^total_inactive_file //p' memory.stat; fi`;

/** As the engine counts, all processes, and PID 1: idle, and just after that work. */
export async function measureWebMemory(
  container: Container,
  work: () => Promise<void>,
): Promise<readonly Sample[]> {
  await delay(IDLE_MS);
  const idle = await readAll(container);
  await work();
  return [...idle, ...(await readAll(container))];
}

async function readAll(container: Container): Promise<Sample[]> {
  const counted = await readCountedMib(container);
  const sizes = await readPss(container);
  const all = [...sizes.values()].reduce((total, size) => total + size, 0);
  return [counted, all, sizes.get(1) ?? 0].map((value) => ({ value }));
}

/**
 * The proportional size of each process in MiB: a page that several of them have counts once in their sum. Asked from a second
 * container, because the kernel shows it to nobody in the container but the process's own user.
 */
async function readPss(container: Container): Promise<Map<number, number>> {
  const label = `${RUN_LABEL}=${runContext().runId}`;
  const about = [
    "--pid",
    `container:${container.id}`,
    "--cap-add",
    "SYS_PTRACE",
    "--network",
    "none",
    "--label",
    label,
  ];
  const as = ["--user", "0", "--entrypoint", "sh", WEB_IMAGES.plain];
  const text = await docker("ask for the memory of processes", ["run", "--rm", ...about, ...as, "-c", PSS]);
  const found = [...text.matchAll(/^(\d+) (\d+)$/gm)];
  if (found.length === 0) throw new Error("cannot read the memory of processes: the kernel shows none");
  return new Map(found.map(([, pid, kib]) => [Number(pid), (Number(kib) * 1024) / MIB]));
}

/** As `docker stats` and Kubernetes count: without the pages of files that nobody has used for a while. */
async function readCountedMib(container: Container): Promise<number> {
  const [used, inactive] = (await container.output(["sh", "-c", COUNTED])).trim().split(/\s+/).map(Number);
  if (used === undefined || inactive === undefined || Number.isNaN(used - inactive))
    throw new Error("cannot read the memory of the cgroup");
  return (used - inactive) / MIB;
}
