import { listProcesses } from "./proc.ts";

/** Sends a signal to a process and all that descends from it, the youngest first. What has ended meanwhile is left out. */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  const processes = listProcesses();
  const tree = [pid];
  for (const parent of tree)
    tree.push(...processes.filter(({ parentPid }) => parentPid === parent).map((process) => process.pid));
  for (const member of tree.reverse()) {
    try {
      process.kill(member, signal);
    } catch {}
  }
}
