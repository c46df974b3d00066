// The resource usage of processes, as /proc shows it.
import { uptime } from "node:os";
import { listPids, readStatFields } from "./proc.ts";

/** USER_HZ, the unit of time in /proc, on every architecture that Node runs on. */
const TICKS_A_SECOND = 100;
const PAGE_BYTES = 4_096;
// Fields of /proc/PID/stat, counted from the state, which follows the name.
const [STATE, PARENT, SESSION, USER_TIME, CHILDREN_SYSTEM_TIME, START_TIME, RESIDENT] = [
  0, 1, 3, 11, 14, 19, 21,
];

export interface ProcessUsage {
  pid: number;
  /** The name of its program, at most 15 characters. */
  name: string;
  /** One letter as in ps(1): R, S, D, T, Z… */
  state: string;
  parentPid: number;
  /** The PID of the session's first process. */
  session: number;
  /** Including the time of children that have ended. */
  cpuSeconds: number;
  residentBytes: number;
  /** How long it has lived. */
  ageSeconds: number;
}

/** One process; undefined if it is gone. */
export function readProcessUsage(pid: number): ProcessUsage | undefined {
  const stat = readStatFields(pid);
  if (stat === undefined) return undefined;
  const { name, fields } = stat;
  const at = (index: number): number => Number(fields[index]);
  let ticks = 0;
  for (let index = USER_TIME; index <= CHILDREN_SYSTEM_TIME; index += 1) ticks += at(index);
  return {
    pid,
    name,
    state: fields[STATE] ?? "",
    parentPid: at(PARENT),
    session: at(SESSION),
    cpuSeconds: ticks / TICKS_A_SECOND,
    residentBytes: at(RESIDENT) * PAGE_BYTES,
    ageSeconds: Math.max(0, uptime() - at(START_TIME) / TICKS_A_SECOND),
  };
}

/** When a process was started, in the kernel's ticks: with its PID it names one process. */
export function startOf(pid: number): string | undefined {
  return readStatFields(pid)?.fields[START_TIME];
}

/** How long ago this process was started. A program that it became is no start. */
export function ageMs(): number {
  return 1_000 * (readProcessUsage(process.pid)?.ageSeconds ?? 0);
}

/** Every visible process of this PID namespace. */
export function listProcessUsage(): ProcessUsage[] {
  return listPids().flatMap((pid) => readProcessUsage(pid) ?? []);
}
