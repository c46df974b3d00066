// Ends a program that takes too long, with every process it has started: children would keep its pipes open.
import { existsSync } from "node:fs";
import treeKill from "tree-kill";

/** From TERM to KILL. */
const KILL_AFTER_MS = 5_000;
/** tree-kill needs ps(1) to find the children, and not every machine has it. */
const PS = ["/bin/ps", "/usr/bin/ps"];

export interface TimeLimit {
  /** Whether the time is over. */
  readonly isOver: boolean;
  /** Call this when the program has ended. */
  cancel(): void;
}

/** Ends the process tree of `pid` after `limitMs`: with TERM, then with KILL. There is no limit if either is undefined. */
export function limitTime(pid: number | undefined, limitMs: number | undefined): TimeLimit {
  let isOver = false;
  if (pid === undefined || limitMs === undefined) return { isOver, cancel: () => {} };
  let timer = setTimeout(() => {
    isOver = true;
    endTree(pid, "SIGTERM");
    timer = setTimeout(() => endTree(pid, "SIGKILL"), KILL_AFTER_MS);
  }, limitMs);
  return {
    get isOver() {
      return isOver;
    },
    cancel: () => clearTimeout(timer),
  };
}

function endTree(pid: number, signal: NodeJS.Signals): void {
  if (PS.some((path) => existsSync(path))) return treeKill(pid, signal, () => {});
  try {
    process.kill(pid, signal);
  } catch {
    // It has already ended.
  }
}
