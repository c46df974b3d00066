import { listProcesses } from "./proc.ts";

/**
 * Sends a signal to a process and all its descendants. Parents first, so that they do not take the end of their children for
 * a failure. Processes that have ended meanwhile are skipped.
 */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  for (const member of treeOf(pid)) {
    try {
      process.kill(member, signal);
    } catch {}
  }
}

/** A process and all its descendants, parents first. */
export function treeOf(pid: number): number[] {
  const processes = listProcesses();
  const tree = [pid];
  for (const parent of tree)
    for (const { pid: child, parentPid } of processes) if (parentPid === parent) tree.push(child);
  return tree;
}
