// A program with a process group of its own, so that what it has started can be ended with it.
import { type Clock, until } from "../../base/clock.ts";
import { listGroup } from "../../platform/proc.ts";

const LOOK_PERIOD_MS = 50;

/** Nothing happens where nobody is left. */
export function signalGroup(leaderPid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leaderPid, signal);
  } catch {}
}

/** Ends what the leader has left behind: TERM, and KILL after a while. Returns whether there was anything. */
export async function endLeftovers(leaderPid: number, clock: Clock, killAfterMs: number): Promise<boolean> {
  if (listGroup(leaderPid).length === 0) return false;
  signalGroup(leaderPid, "SIGTERM");
  const isEmpty = (): boolean => listGroup(leaderPid).length === 0;
  if (!(await until(clock, LOOK_PERIOD_MS, killAfterMs, isEmpty))) signalGroup(leaderPid, "SIGKILL");
  return true;
}
