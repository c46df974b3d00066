// The container's processes as a tree, with what says why one does not go on.
import { readdirSync, readFileSync } from "node:fs";
import { nameOf } from "../../platform/credentials.ts";
import { listProcessUsage, type ProcessUsage } from "../../platform/process-usage.ts";
import { alignColumns } from "../columns.ts";

const HEAD = ["PID", "PPID", "USER", "STATE", "THREADS", "RSS", "FDS", "WCHAN", "CPU", "AGE", "ARGS"];
const MOST_ARGS = 400;

/** `-`: the kernel does not say it of another user's process. `clean` masks what is shown, before it is cut. */
export function describeProcesses(clean: (text: string) => string): string {
  const all = listProcessUsage();
  const pids = new Set(all.map(({ pid }) => pid));
  const tree = (parent: (it: ProcessUsage) => boolean, depth: number): string[][] =>
    all
      .filter(parent)
      .flatMap((it) => [rowOf(it, depth, clean), ...tree((one) => one.parentPid === it.pid, depth + 1)]);
  return `${alignColumns([HEAD, ...tree(({ parentPid }) => !pids.has(parentPid), 0)]).join("\n")}\n`;
}

function rowOf(
  { pid, parentPid, state, name, residentBytes, cpuSeconds, ageSeconds }: ProcessUsage,
  depth: number,
  clean: (text: string) => string,
) {
  const status = read(pid, "status");
  const uid = /^Uid:\t(\d+)/m.exec(status)?.[1] ?? "-";
  const words = read(pid, "cmdline", "utf8").replace(/\0+$/, "").replaceAll("\0", " ");
  const args = clean(words).slice(0, MOST_ARGS);
  return [
    String(pid),
    String(parentPid),
    nameOf(Number(uid)) ?? uid,
    state,
    /^Threads:\t(\d+)/m.exec(status)?.[1] ?? "-",
    `${(residentBytes / 1e6).toFixed(1)}MB`,
    countDescriptors(pid),
    read(pid, "wchan").replace(/^0$/, "") || "-",
    `${cpuSeconds.toFixed(1)}s`,
    `${Math.round(ageSeconds)}s`,
    // The process chooses both. They are for a terminal.
    `${"  ".repeat(depth)}${args || `[${name}]`}`.replace(/[\0-\x1f\x7f-\x9f]/g, "?"),
  ];
}

function countDescriptors(pid: number): string {
  try {
    return String(readdirSync(`/proc/${pid}/fd`).length);
  } catch {
    return "-";
  }
}

function read(pid: number, file: string, encoding: "latin1" | "utf8" = "latin1"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, encoding);
  } catch {
    return "";
  }
}
