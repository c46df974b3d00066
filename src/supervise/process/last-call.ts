// Before one that a stop has not ended is killed, it may be told that its time is over.
import type { Clock } from "../../base/clock.ts";
import { DjinitError } from "../../base/errors.ts";
import { listProcesses } from "../../platform/proc.ts";
import type { Service } from "../service.ts";

/** Of a short grace period the first half is for the work. */
const LEAST_PART = 0.5;

/**
 * Sends each of these its last call in time before `graceMs`, which begin now, are over; `onCall` gets what to report
 * then. Returns what cancels that.
 */
export function planLastCalls(
  services: readonly Service[],
  graceMs: number,
  clock: Clock,
  onCall: (error: DjinitError) => void,
): () => void {
  const cancels = services.flatMap((service) => {
    const { lastCall } = service.plan;
    if (lastCall === undefined) return [];
    const afterMs = Math.max(graceMs - lastCall.beforeKillMs, graceMs * LEAST_PART);
    return clock.after(afterMs, () => {
      if (!isDue(service)) return;
      onCall(exceeded(service, lastCall.signal, afterMs));
      service.signal(lastCall.signal);
    });
  });
  return () => {
    for (const cancel of cancels) cancel();
  };
}

function isDue({ state, pid }: Service): boolean {
  return state.name === "stopping" && pid !== undefined && hasChildren(pid);
}

function exceeded({ name }: Service, signal: NodeJS.Signals, afterMs: number): DjinitError {
  return new DjinitError(
    "DJINIT_GRACE_PERIOD_EXCEEDED",
    `cannot stop ${name} within ${afterMs / 1000} s: ${signal}, so that it gives back its tasks before it is killed`,
    { fields: { targets: [name], signal } },
  );
}

/**
 * Celery's other pools than the one of processes have none: solo would take its task for failed, and acknowledge it; to be
 * killed leaves it to the broker.
 */
function hasChildren(pid: number): boolean {
  return listProcesses().some(({ parentPid, state }) => parentPid === pid && state !== "Z");
}
