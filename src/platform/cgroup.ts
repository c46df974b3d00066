// What the memory controller tells of this container, in either version of the cgroup interface.
import { readFileSync } from "node:fs";

export interface MemoryAccount {
  /** Processes the kernel has killed here because the limit was reached, since the container started. */
  oomKills: number;
  /** Bytes; undefined where there is no limit. */
  limitBytes: number | undefined;
  usageBytes: number;
}

interface Interface {
  events: string;
  limit: string;
  usage: string;
}

const V2: Interface = {
  events: "/sys/fs/cgroup/memory.events",
  limit: "/sys/fs/cgroup/memory.max",
  usage: "/sys/fs/cgroup/memory.current",
};
const V1: Interface = {
  events: "/sys/fs/cgroup/memory/memory.oom_control",
  limit: "/sys/fs/cgroup/memory/memory.limit_in_bytes",
  usage: "/sys/fs/cgroup/memory/memory.usage_in_bytes",
};
/** Version 1 writes «no limit» as the largest multiple of a page. */
const NO_LIMIT_BYTES = 2 ** 62;

/** The memory account of this container's cgroup, or undefined where it cannot be seen. */
export function readMemoryAccount(): MemoryAccount | undefined {
  return readAs(V2) ?? readAs(V1);
}

function readAs({ events, limit, usage }: Interface): MemoryAccount | undefined {
  try {
    const kills = /^oom_kill (\d+)$/m.exec(readFileSync(events, "latin1"))?.[1];
    if (kills === undefined) return undefined;
    const limitBytes = Number(readFileSync(limit, "latin1"));
    return {
      oomKills: Number(kills),
      limitBytes: limitBytes < NO_LIMIT_BYTES ? limitBytes : undefined,
      usageBytes: Number(readFileSync(usage, "latin1")),
    };
  } catch {
    return undefined;
  }
}
