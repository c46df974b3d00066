// Processes, as /proc shows them.
import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";

export interface ProcessStat {
  pid: number;
  /** One letter as in ps(1): R, S, D, T, Z… */
  state: string;
  parentPid: number;
}

/** The name of a process, and the fields after it in its stat line, the state first; undefined if it is gone. */
export function readStatFields(pid: number): { name: string; fields: string[] } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  // The name in parentheses may itself contain spaces and parentheses. Only the part after the last one is regular.
  const end = text.lastIndexOf(")");
  return { name: text.slice(text.indexOf("(") + 1, end), fields: text.slice(end + 2).split(" ") };
}

/** The stat line of one process; undefined if it is gone. */
export function readProcessStat(pid: number): ProcessStat | undefined {
  const [state = "", parentPid = ""] = readStatFields(pid)?.fields ?? [];
  return state === "" ? undefined : { pid, state, parentPid: Number(parentPid) };
}

/** The PIDs of every visible process in this PID namespace; empty while no descriptor is left to look. */
export function listPids(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** Every visible process in this PID namespace. */
export function listProcesses(): ProcessStat[] {
  return listPids().flatMap((pid) => readProcessStat(pid) ?? []);
}

/** The processes of a group that have not ended. */
export function listGroup(leaderPid: number): number[] {
  return listPids().filter((pid) => {
    const [state, , group] = readStatFields(pid)?.fields ?? [];
    return Number(group) === leaderPid && state !== "Z" && state !== "X";
  });
}

/** The effective capability mask of this process. */
export function effectiveCapabilities(): bigint {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1] ?? "0";
  return BigInt(`0x${mask}`);
}

/** The oom_score_adj of this process: up to 1000, the kernel kills it sooner; down to -1000, later. */
export function oomScoreAdjustment(): number {
  return Number(readFileSync("/proc/self/oom_score_adj", "latin1"));
}

/** Whether a process has a handler for this signal. False if the process is gone. */
export function catchesSignal(pid: number, signal: NodeJS.Signals | number): boolean {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, "latin1");
  } catch {
    return false;
  }
  const caught = BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  const number = typeof signal === "number" ? signal : constants.signals[signal];
  return ((caught >> BigInt(number - 1)) & 1n) === 1n;
}
