// The end of a program that takes too long, and of all that it has started: children would keep its pipes open.
import { existsSync } from "node:fs";
import treeKill from "tree-kill";

/** From TERM to KILL. */
const KILL_AFTER_MS = 5_000;
/** tree-kill asks ps(1) for the children, and has no answer for a machine without it. */
const PS = ["/bin/ps", "/usr/bin/ps"];

export interface TimeLimit {
  /** Whether it is over. */
  readonly isOver: boolean;
  /** To be called when the program has ended. */
  cancel(): void;
}

/** Ends the tree of `pid` after `limitMs`: with TERM, and with KILL if that is not enough. No limit where either is undefined. */
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
    // It has ended meanwhile.
  }
}
