// What the processes of a session use, as /proc tells it.
import { readdirSync, readFileSync } from "node:fs";
import { uptime } from "node:os";

/** USER_HZ: what /proc counts time in, on every architecture of Linux that Node runs on. */
const TICKS_A_SECOND = 100;
const PAGE_BYTES = 4_096;
// Fields of /proc/PID/stat, counted from the state, which follows the name.
const [PARENT, SESSION, USER_TIME, CHILDREN_SYSTEM_TIME, START_TIME, RESIDENT] = [1, 3, 11, 14, 19, 21];

export interface ProcessUsage {
  pid: number;
  parentPid: number;
  /** PID of the process that began the session. */
  session: number;
  /** With that of children that have ended. */
  cpuSeconds: number;
  residentBytes: number;
  /** How long it has lived. */
  ageSeconds: number;
}

/** One process, or undefined when it is gone. */
export function readProcessUsage(pid: number): ProcessUsage | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  // The name may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const at = (index: number): number => Number(fields[index]);
  let ticks = 0;
  for (let index = USER_TIME; index <= CHILDREN_SYSTEM_TIME; index += 1) ticks += at(index);
  return {
    pid,
    parentPid: at(PARENT),
    session: at(SESSION),
    cpuSeconds: ticks / TICKS_A_SECOND,
    residentBytes: at(RESIDENT) * PAGE_BYTES,
    ageSeconds: Math.max(0, uptime() - at(START_TIME) / TICKS_A_SECOND),
  };
}

/** Every process of this PID namespace that can be seen. */
export function listProcessUsage(): ProcessUsage[] {
  const found: ProcessUsage[] = [];
  for (const name of readdirSync("/proc")) {
    const usage = /^\d+$/.test(name) ? readProcessUsage(Number(name)) : undefined;
    if (usage !== undefined) found.push(usage);
  }
  return found;
}
