// What /proc tells of processes.
import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";

export interface ProcessStat {
  pid: number;
  /** One letter as in ps(1): R, S, D, T, Z… */
  state: string;
  parentPid: number;
}

/** The stat line of one process, or undefined when it is gone. */
export function readProcessStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  // The name in parentheses may itself hold spaces and parentheses: only what follows the last one is regular.
  const [state = "", parentPid = ""] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { pid, state, parentPid: Number(parentPid) };
}

function listNames(): string[] {
  try {
    return readdirSync("/proc");
  } catch {
    return [];
  }
}

/** Every process in this PID namespace that can be seen; none while no descriptor is left to look with. */
export function listProcesses(): ProcessStat[] {
  const found: ProcessStat[] = [];
  for (const name of listNames()) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? readProcessStat(pid) : undefined;
    if (stat !== undefined) found.push(stat);
  }
  return found;
}

/** The effective capability mask of this process. */
export function effectiveCapabilities(): bigint {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1] ?? "0";
  return BigInt(`0x${mask}`);
}

/** How much sooner (up to 1000) or later (down to -1000) the kernel kills this process when memory runs out. */
export function oomScoreAdjustment(): number {
  return Number(readFileSync("/proc/self/oom_score_adj", "latin1"));
}

/** Whether a process has a handler for this signal. False when it is gone. */
export function catchesSignal(pid: number, signal: NodeJS.Signals): boolean {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, "latin1");
  } catch {
    return false;
  }
  const caught = BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return ((caught >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n;
}
