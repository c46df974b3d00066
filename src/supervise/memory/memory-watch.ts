// Notices that the kernel has killed a process for want of memory, and says which one, as far as that can be known.
import type { Clock } from "../../base/clock.ts";
import type { OwnLog } from "../../logs/write/own-log.ts";
import { type MemoryAccount, readMemoryAccount } from "../../platform/cgroup.ts";
import { listProcessUsage } from "../../platform/process-usage.ts";
import type { KilledProcess, KilledProcesses } from "./killed-processes.ts";

/** The counter can only be looked at; a look costs a fraction of a millisecond. */
const PERIOD_MS = 1_000;
/** Near the limit processes come and go fast, and the one that grows is to be seen before it goes. */
const NEAR_PERIOD_MS = 200;
const NEAR_LIMIT = 0.75;
const LOOKS_KEPT = 3;
/** For gunicorn or celery to say which of theirs was killed: a second. */
const LOOKS_WAITED = 5;

export interface MemoryEvent {
  account: MemoryAccount;
  /** How many the kernel has killed. */
  kills: number;
  /** Those that are known to have been killed, and not by PID 1: no more than `kills`. */
  killed: ProcessMemory[];
  /** Where that leaves some out: all that have gone meanwhile, in whatever way; the largest first. */
  candidates: ProcessMemory[];
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
  /** Those that have been found to be killed since the last time. */
  killed(): KilledProcess[];
}

export function systemMemory(killed: KilledProcesses): MemorySource {
  return { account: () => readMemoryAccount(), processes: readProcesses, killed: () => killed.take() };
}

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
  /** The looks around the one that sees a kill. A victim leaves the table some time before, or after, it is counted. */
  let seen = [source.processes()];
  let killed = [source.killed()];
  let kills = 0;
  let waited = 0;
  let cancel = () => {};
  const look = (): void => {
    const before = account.oomKills;
    account = source.account() ?? account;
    const now = source.processes();
    killed.push(source.killed());
    if (kills > 0) {
      waited += 1;
      if (killed.flat().length >= kills || waited >= LOOKS_WAITED) {
        onEvent({ account, kills, ...judge(kills, seen.flat(), now, killed.flat()) });
        [kills, waited, killed] = [0, 0, []];
      }
    }
    kills += account.oomKills - before;
    seen.push(now);
    if (kills === 0) [seen, killed] = [seen.slice(-LOOKS_KEPT), killed.slice(-LOOKS_KEPT)];
    cancel = clock.after(kills > 0 || isNearLimit(account) ? NEAR_PERIOD_MS : PERIOD_MS, look);
  };
  cancel = clock.after(isNearLimit(account) ? NEAR_PERIOD_MS : PERIOD_MS, look);
  return () => cancel();
}

function isNearLimit({ limitBytes = Number.POSITIVE_INFINITY, usageBytes }: MemoryAccount): boolean {
  return usageBytes >= NEAR_LIMIT * limitBytes;
}

/** What can be known. More that are killed than the kernel has counted: then some were killed by others. */
function judge(
  kills: number,
  before: readonly ProcessMemory[],
  now: readonly ProcessMemory[],
  known: readonly KilledProcess[],
): Pick<MemoryEvent, "killed" | "candidates"> {
  const seen = new Map(before.map((process) => [process.pid, process]));
  const found = known.map(
    ({ pid, service }): ProcessMemory => seen.get(pid) ?? { pid, name: service, residentBytes: 0 },
  );
  if (found.length > kills) return { killed: [], candidates: found };
  if (found.length === kills) return { killed: found, candidates: [] };
  const gone = findGone(seen, now).filter(({ pid }) => !found.some((it) => it.pid === pid));
  return { killed: found, candidates: gone };
}

/** The largest first; of one that was seen twice the later size counts. */
function findGone(seen: ReadonlyMap<number, ProcessMemory>, now: readonly ProcessMemory[]): ProcessMemory[] {
  const alive = new Set(now.map(({ pid }) => pid));
  return [...seen.values()]
    .filter(({ pid }) => !alive.has(pid))
    .sort((a, b) => b.residentBytes - a.residentBytes);
}

/** One record for each look that found something. */
export function logMemoryEvent(log: OwnLog, { account, kills, killed, candidates }: MemoryEvent): void {
  const { limitBytes, usageBytes, oomKills } = account;
  log.error(
    {
      processes: killed,
      ...(candidates.length === 0 ? {} : { candidates }),
      memory_limit_bytes: limitBytes,
      memory_usage_bytes: usageBytes,
      oom_kills: oomKills,
    },
    `out of memory: the kernel killed ${victims(kills, killed, candidates)}; the container's limit is ${limitBytes} bytes`,
  );
}

function victims(
  kills: number,
  killed: readonly ProcessMemory[],
  candidates: readonly ProcessMemory[],
): string {
  const left = kills - killed.length;
  if (left === 0) return `${kills === 1 ? "" : `${kills} processes, `}${namesOf(killed)}`;
  const others = killed.length === 0 ? "" : `${namesOf(killed)} and `;
  const rest = left === 1 ? "a process" : `${left} processes`;
  const count = left === 1 ? "one" : String(left);
  const guess = candidates.length === 0 ? "" : `: perhaps ${count} of ${namesOf(candidates)}`;
  return `${others}${rest}, it is not known which${guess}`;
}

function namesOf(processes: readonly ProcessMemory[]): string {
  return processes.map(({ name, pid }) => `${name} (pid ${pid})`).join(", ");
}

function readProcesses(): ProcessMemory[] {
  return listProcessUsage()
    .filter(({ pid, state }) => state !== "Z" && pid !== process.pid)
    .map(({ pid, name, residentBytes }) => ({ pid, name, residentBytes }));
}
