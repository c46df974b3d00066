// The container's memory account, from either version of the cgroup interface.
import { readFileSync } from "node:fs";

export interface MemoryAccount {
  /** Processes that the kernel has killed because of the limit since the container started. */
  oomKills: number;
  /** Bytes; undefined if there is no limit. */
  limitBytes: number | undefined;
  usageBytes: number;
}

interface Interface {
  events: string;
  limit: string;
  usage: string;
}

const V2: Interface = {
  events: "memory.events",
  limit: "memory.max",
  usage: "memory.current",
};
const V1: Interface = {
  events: "memory/memory.oom_control",
  limit: "memory/memory.limit_in_bytes",
  usage: "memory/memory.usage_in_bytes",
};
/** Version 1 writes «no limit» as the largest multiple of a page. */
const NO_LIMIT_BYTES = 2 ** 62;

/** The memory account of the container's cgroup, mounted at `root`; undefined if it cannot be read. */
export function readMemoryAccount(root = "/sys/fs/cgroup"): MemoryAccount | undefined {
  return readAs(root, V2) ?? readAs(root, V1);
}

function readAs(root: string, { events, limit, usage }: Interface): MemoryAccount | undefined {
  const read = (name: string): string => readFileSync(`${root}/${name}`, "latin1");
  try {
    const kills = /^oom_kill (\d+)$/m.exec(read(events))?.[1];
    if (kills === undefined) return undefined;
    const limitBytes = Number(read(limit));
    return {
      oomKills: Number(kills),
      limitBytes: limitBytes < NO_LIMIT_BYTES ? limitBytes : undefined,
      usageBytes: Number(read(usage)),
    };
  } catch {
    return undefined;
  }
}
