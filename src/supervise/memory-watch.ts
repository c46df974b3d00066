// Notices that the kernel has killed a process for want of memory, and says which it must have been.
import type { Clock } from "../base/clock.ts";
import type { OwnLog } from "../logs/own-log.ts";
import { type MemoryAccount, readMemoryAccount } from "../platform/cgroup.ts";
import { listProcessUsage } from "../platform/process-usage.ts";

/** The counter can only be looked at; a look costs a fraction of a millisecond. */
const PERIOD_MS = 1_000;
/** Near the limit processes come and go fast, and the one that grows is to be seen before it goes. */
const NEAR_PERIOD_MS = 200;
const NEAR_LIMIT = 0.75;
const LOOKS_KEPT = 3;

export interface MemoryEvent {
  account: MemoryAccount;
  /** How many were killed since the last look. */
  kills: number;
  /** The largest processes of the last look that are gone now, at most `kills` of them. */
  gone: ProcessMemory[];
}

export interface ProcessMemory {
  pid: number;
  name: string;
  residentBytes: number;
}

/** Where the facts come from; given, so that the watch itself can be tested without a cgroup. */
export interface MemorySource {
  account(): MemoryAccount | undefined;
  processes(): ProcessMemory[];
}

export const systemMemory: MemorySource = { account: () => readMemoryAccount(), processes: readProcesses };

/**
 * Looks once a second, near the limit more often. Does nothing where the cgroup has no limit or cannot be seen. Returns
 * what ends it.
 */
export function watchMemory(
  source: MemorySource,
  clock: Clock,
  onEvent: (event: MemoryEvent) => void,
): () => void {
  const first = source.account();
  if (first?.limitBytes === undefined) return () => {};
  let account = first;
  /** The looks around the one that sees a kill: before it, at it, and the one before those. */
  let seen = [source.processes()];
  let kills = 0;
  let cancel = () => {};
  const look = (): void => {
    const before = account.oomKills;
    account = source.account() ?? account;
    const now = source.processes();
    // A look late: a victim leaves the table some time before, or after, the kernel has counted it.
    if (kills > 0) onEvent({ account, kills, gone: findGone(seen.flat(), now).slice(0, kills) });
    kills = account.oomKills - before;
    seen = [...seen, now].slice(-LOOKS_KEPT);
    cancel = clock.after(kills > 0 || isNearLimit(account) ? NEAR_PERIOD_MS : PERIOD_MS, look);
  };
  cancel = clock.after(isNearLimit(account) ? NEAR_PERIOD_MS : PERIOD_MS, look);
  return () => cancel();
}

function isNearLimit({ limitBytes = Number.POSITIVE_INFINITY, usageBytes }: MemoryAccount): boolean {
  return usageBytes >= NEAR_LIMIT * limitBytes;
}

/** One record for each look that found something. */
export function logMemoryEvent(log: OwnLog, { account, kills, gone }: MemoryEvent): void {
  const { limitBytes, usageBytes, oomKills } = account;
  const names =
    gone.map(({ name, pid }) => `${name} (pid ${pid})`).join(", ") ||
    "a process that lived for less than a second";
  log.error(
    { processes: gone, memory_limit_bytes: limitBytes, memory_usage_bytes: usageBytes, oom_kills: oomKills },
    `out of memory: the kernel killed ${kills === 1 ? "" : `${kills} processes, `}${names}; the container's limit is ${limitBytes} bytes`,
  );
}

/** The largest first; of one that was seen twice the later size counts. */
function findGone(before: readonly ProcessMemory[], now: readonly ProcessMemory[]): ProcessMemory[] {
  const alive = new Set(now.map(({ pid }) => pid));
  const seen = new Map(before.map((process) => [process.pid, process]));
  return [...seen.values()]
    .filter(({ pid }) => !alive.has(pid))
    .sort((a, b) => b.residentBytes - a.residentBytes);
}

function readProcesses(): ProcessMemory[] {
  return listProcessUsage()
    .filter(({ pid, state }) => state !== "Z" && pid !== process.pid)
    .map(({ pid, name, residentBytes }) => ({ pid, name, residentBytes }));
}
