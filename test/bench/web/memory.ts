// What a container takes of the machine's memory.
import { setTimeout as delay } from "node:timers/promises";
import type { Container } from "../../support/docker.ts";
import { docker } from "../../support/docker-cli.ts";
import { runContext } from "../../support/run-context.ts";
import { RUN_LABEL } from "../../support/run-id.ts";
import type { Sample } from "./figure.ts";
import { WEB_IMAGES } from "./web-images.ts";

/** What a start has left is given back by then. */
const IDLE_MS = 4_000;
const MIB = 1024 ** 2;

/** `PID KiB` of each process; the shell that asks is none of the container's, and starts no other process. */
const PSS = `for directory in /proc/[0-9]*; do
  pid=\${directory#/proc/}
  [ "$pid" = $$ ] || while read -r name kib rest; do [ "$name" = Pss: ] && echo "$pid $kib"; done < "$directory/smaps_rollup"
done 2>/dev/null; true`;

/** cgroup v2, then v1. */
const STATISTICS = "cat /sys/fs/cgroup/memory.stat 2>/dev/null || cat /sys/fs/cgroup/memory/memory.stat";

/** All processes, what is no file's, PID 1; and all processes after that work. */
export async function measureWebMemory(
  container: Container,
  work: () => Promise<void>,
): Promise<readonly Sample[]> {
  await delay(IDLE_MS);
  const idle = await readPss(container);
  const anonymous = await readAnonymousMib(container);
  await work();
  const loaded = await readPss(container);
  return [{ value: sum(idle) }, { value: anonymous }, { value: idle.get(1) ?? 0 }, { value: sum(loaded) }];
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

/** Heaps, stacks and shared memory. The pages of files belong to whoever has read them first, and are left out. */
async function readAnonymousMib(container: Container): Promise<number> {
  const text = await container.output(["sh", "-c", STATISTICS]);
  const bytesOf = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
  return (
    (bytesOf("anon") +
      bytesOf("total_rss") +
      bytesOf(text.includes("total_shmem") ? "total_shmem" : "shmem")) /
    MIB
  );
}

function sum(sizes: ReadonlyMap<number, number>): number {
  return [...sizes.values()].reduce((total, size) => total + size, 0);
}
