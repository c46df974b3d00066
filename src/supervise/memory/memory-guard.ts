// Before the kernel has to kill: has gunicorn's largest worker renewed while there is still memory for that.
import type { OwnLog } from "../../logs/write/own-log.ts";
import type { MemoryAccount } from "../../platform/cgroup/memory-account.ts";
import type { ProcessMemory } from "./memory-watch.ts";

/** A worker has so long to end what it has in hand. */
const COOLDOWN_MS = 30_000;
/** Where a renewal has gained something: the next may be due soon, and its successor has to load. */
const SHORT_COOLDOWN_MS = 5_000;
/** Where it has gained nothing. */
const LONG_COOLDOWN_MS = 600_000;
/** It has to fall so far below the limit of the guard before it counts as full again: a part of that limit. */
const RELIEVED = 0.95;
const NAMED = 3;

export interface GuardParts {
  /** The part of the limit from which on memory is full. */
  part: number;
  /** Page cache that the kernel can drop at once: it is in the usage, and no reason for anything. */
  reclaimable: () => number;
  relieve: (usageBytes: number) => void;
  processes: () => ProcessMemory[];
  log: Pick<OwnLog, "warn">;
}

/** To be called with each look at the account. */
export function guardMemory({ part, reclaimable, relieve, processes, log }: GuardParts) {
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let cooldownMs = 0;
  return ({ limitBytes, usageBytes }: MemoryAccount, nowMs: number): void => {
    if (limitBytes === undefined) return;
    const most = part * limitBytes;
    const used = usageBytes < RELIEVED * most ? usageBytes : usageBytes - reclaimable();
    if (used < RELIEVED * most) cooldownMs = Math.min(cooldownMs, SHORT_COOLDOWN_MS);
    if (used < most || nowMs - askedAtMs < cooldownMs) return;
    if (cooldownMs === COOLDOWN_MS) log.warn(...tellFull(limitBytes, used, processes()));
    cooldownMs = cooldownMs < COOLDOWN_MS ? COOLDOWN_MS : LONG_COOLDOWN_MS;
    askedAtMs = nowMs;
    relieve(used);
  };
}

function tellFull(
  limitBytes: number,
  used: number,
  processes: ProcessMemory[],
): [Record<string, unknown>, string] {
  const largest = processes.sort((a, b) => b.residentBytes - a.residentBytes).slice(0, NAMED);
  const names = largest.map(({ name, pid, residentBytes }) => `${name} (pid ${pid}) with ${residentBytes}`);
  return [
    { processes: largest, memory_limit_bytes: limitBytes, memory_usage_bytes: used },
    `memory stays full, and no worker of gunicorn that has grown is left to renew: ${used} of ${limitBytes} bytes are in use, the largest processes are ${names.join(", ")}; allow more memory, or set WEB_CONCURRENCY to fewer workers`,
  ];
}
