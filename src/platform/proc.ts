// What /proc tells of processes.
import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";

export interface ProcessStat {
  pid: number;
  /** One letter as in ps(1): R, S, D, T, Z… */
  state: string;
  parentPid: number;
}

/** The name of a process and the fields that follow it in its stat line, the state first; undefined when it is gone. */
export function readStatFields(pid: number): { name: string; fields: string[] } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  // The name in parentheses may itself hold spaces and parentheses: only what follows the last one is regular.
  const end = text.lastIndexOf(")");
  return { name: text.slice(text.indexOf("(") + 1, end), fields: text.slice(end + 2).split(" ") };
}

/** The stat line of one process, or undefined when it is gone. */
export function readProcessStat(pid: number): ProcessStat | undefined {
  const [state = "", parentPid = ""] = readStatFields(pid)?.fields ?? [];
  return state === "" ? undefined : { pid, state, parentPid: Number(parentPid) };
}

/** PIDs of every process in this PID namespace that can be seen; none while no descriptor is left to look with. */
export function listPids(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** Every process in this PID namespace that can be seen. */
export function listProcesses(): ProcessStat[] {
  return listPids().flatMap((pid) => readProcessStat(pid) ?? []);
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
