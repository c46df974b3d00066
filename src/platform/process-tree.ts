import { listProcesses } from "./proc.ts";

/**
 * Sends a signal to a process and all that descends from it. The oldest first: it is not to take the end of its children for
 * a failure of theirs. What has ended meanwhile is left out.
 */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  const processes = listProcesses();
  const tree = [pid];
  for (const parent of tree)
    tree.push(...processes.filter(({ parentPid }) => parentPid === parent).map((process) => process.pid));
  for (const member of tree) {
    try {
      process.kill(member, signal);
    } catch {}
  }
}
