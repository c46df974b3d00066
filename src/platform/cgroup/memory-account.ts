// The container's memory account, from either version of the cgroup interface.
import { readFileSync } from "node:fs";
import { HERE, levelsOf, type Place } from "./levels.ts";

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
  events: "memory.oom_control",
  limit: "memory.limit_in_bytes",
  usage: "memory.usage_in_bytes",
};
/** Version 1 writes «no limit» as the largest multiple of a page. */
const NO_LIMIT_BYTES = 2 ** 62;

/**
 * The memory account of the container's cgroup; undefined if it cannot be read. Where a cgroup above it has the lowest limit,
 * limit and usage are that one's.
 */
export function readMemoryAccount(place: Place = HERE): MemoryAccount | undefined {
  const [own = "", ...above] = levelsOf("memory", place);
  for (const version of [V2, V1]) {
    const account = readAs(own, version);
    if (account !== undefined) return above.reduce((lowest, level) => lower(lowest, level, version), account);
  }
  return undefined;
}

function readAs(level: string, { events, limit, usage }: Interface): MemoryAccount | undefined {
  try {
    const kills = /^oom_kill (\d+)$/m.exec(readFileSync(`${level}/${events}`, "latin1"))?.[1];
    if (kills === undefined) return undefined;
    return { oomKills: Number(kills), ...readLimit(level, { limit, usage }) };
  } catch {
    return undefined;
  }
}

function lower(account: MemoryAccount, level: string, version: Interface): MemoryAccount {
  try {
    const there = readLimit(level, version);
    if (there.limitBytes === undefined) return account;
    const isLower = account.limitBytes === undefined || there.limitBytes < account.limitBytes;
    return isLower ? { ...account, ...there } : account;
  } catch {
    // The root of version 2 has no limit.
    return account;
  }
}

function readLimit(level: string, { limit, usage }: Pick<Interface, "limit" | "usage">) {
  const limitBytes = Number(readFileSync(`${level}/${limit}`, "latin1"));
  const usageBytes = Number(readFileSync(`${level}/${usage}`, "latin1"));
  return { limitBytes: limitBytes < NO_LIMIT_BYTES ? limitBytes : undefined, usageBytes };
}
