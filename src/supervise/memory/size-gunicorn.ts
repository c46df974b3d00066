// What gunicorn is told of the container it is in, by the plan: how much it may use, and when its memory is full.
import type { Clock } from "../../base/clock.ts";
import type { OwnLog } from "../../logs/write/own-log.ts";
import { besideGunicorn } from "../../plan/gunicorn.ts";
import { ALLOWANCE_FILE, placedIn } from "../../plan/paths.ts";
import type { Plan } from "../../plan/plan.ts";
import type { MemoryAccount } from "../../platform/cgroup/memory-account.ts";
import { readReclaimable } from "../../platform/cgroup/usage.ts";
import { watchAllowance } from "./allowance-watch.ts";
import { guardMemory } from "./memory-guard.ts";
import { readProcesses } from "./memory-watch.ts";

/** Returns what is to be called with each look at the memory. */
export function sizeGunicorn(
  { services, run, memoryGuard }: Pick<Plan, "services" | "run" | "memoryGuard">,
  clock: Clock,
  log: OwnLog,
): (account: MemoryAccount) => void {
  const beside = besideGunicorn(services);
  if (beside === undefined) return () => {};
  const { relieve } = watchAllowance({ path: placedIn(run, ALLOWANCE_FILE), beside }, clock);
  if (memoryGuard === undefined) return () => {};
  const look = guardMemory({
    part: memoryGuard,
    reclaimable: readReclaimable,
    relieve,
    processes: readProcesses,
    log,
  });
  return (account) => look(account, clock.monotonicMs());
}
