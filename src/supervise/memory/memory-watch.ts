// Notices when the kernel's out-of-memory killer has killed a process, and names the process if that can be known.
import type { Clock } from "../../base/clock.ts";
import type { OwnLog } from "../../logs/write/own-log.ts";
import { type MemoryAccount, readMemoryAccount } from "../../platform/cgroup/memory-account.ts";
import { listProcessUsage } from "../../platform/process-usage.ts";
import type { KilledProcess, KilledProcesses } from "./killed-processes.ts";

/** The kernel's counter can only be polled. One look takes a fraction of a millisecond. */
const PERIOD_MS = 1_000;
/** Near the limit, processes come and go fast. A growing one must be seen before it is killed. */
const NEAR_PERIOD_MS = 200;
const NEAR_LIMIT = 0.75;
const LOOKS_KEPT = 3;
/** gunicorn and celery get a second to log which of their processes was killed. */
const LOOKS_WAITED = 5;

export interface MemoryEvent {
  account: MemoryAccount;
  /** How many the kernel has killed. */
  kills: number;
  /** Processes that are known to have been killed, and not by PID 1. At most `kills`. */
  killed: ProcessMemory[];
  /** If some victims are unknown: every process that has ended meanwhile, for whatever reason. The largest first. */
  candidates: ProcessMemory[];
}

export interface ProcessMemory {
  pid: number;
  name: string;
  residentBytes: number;
}

/** The source of the facts. It is passed in, so that the watch can be tested without a cgroup. */
export interface MemorySource {
  account(): MemoryAccount | undefined;
  processes(): ProcessMemory[];
  /** Processes found to have been killed since the last call. */
  killed(): KilledProcess[];
}

export function systemMemory(killed: KilledProcesses): MemorySource {
  return { account: () => readMemoryAccount(), processes: readProcesses, killed: () => killed.take() };
}

/**
 * Looks once a second, and more often near the limit; `onLook` is called each time. While there is no limit it waits for one. Does
 * nothing if the cgroup cannot be read. Returns a function that ends the watch.
 */
export function watchMemory(
  source: MemorySource,
  clock: Clock,
  onEvent: (event: MemoryEvent) => void,
  onLook: (account: MemoryAccount) => void = () => {},
): () => void {
  const first = source.account();
  if (first === undefined) return () => {};
  let account = first;
  /** The last few looks: a victim may leave the process table before or after the kernel counts it. */
  let seen = first.limitBytes === undefined ? [] : [source.processes()];
  let killed = [source.killed()];
  let kills = 0;
  let waited = 0;
  let cancel = () => {};
  const look = (): void => {
    const before = account.oomKills;
    account = source.account() ?? account;
    onLook(account);
    if (account.limitBytes === undefined) {
      [seen, killed, kills] = [[], [], 0];
      source.killed();
      cancel = clock.after(PERIOD_MS, look);
      return;
    }
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

/** Which processes were killed. If more were killed than the kernel has counted, somebody else killed some of them. */
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

/** The largest first. A process that was seen twice has the later size. */
function findGone(seen: ReadonlyMap<number, ProcessMemory>, now: readonly ProcessMemory[]): ProcessMemory[] {
  const alive = new Set(now.map(({ pid }) => pid));
  return [...seen.values()]
    .filter(({ pid }) => !alive.has(pid))
    .sort((a, b) => b.residentBytes - a.residentBytes);
}

/** Writes one record for each look that found a kill. */
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

export function readProcesses(): ProcessMemory[] {
  return listProcessUsage()
    .filter(({ pid, state }) => state !== "Z" && pid !== process.pid)
    .map(({ pid, name, residentBytes }) => ({ pid, name, residentBytes }));
}
