// Some services can be told, before SIGKILL, that their time is over.
import type { Clock } from "../../base/clock.ts";
import { DjinitError } from "../../base/errors.ts";
import { LEAST_PART_BEFORE_LAST_CALL } from "../../plan/celery.ts";
import { listProcesses } from "../../platform/proc.ts";
import type { Service } from "../service.ts";
import { lastHeartbeat, runningTasks } from "./celery-report.ts";

/**
 * Sends each service its last call shortly before `graceMs`, counted from now, are over. `onCall` gets the error to report.
 * Returns a function that cancels the calls.
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
    const patienceMs = softShutdownMs(service);
    const afterMs = Math.max(
      graceMs - lastCall.beforeKillMs - patienceMs,
      graceMs * LEAST_PART_BEFORE_LAST_CALL,
    );
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

/** After the call celery itself waits for as long, before it gives its tasks back. A stop that begins with it waits from there on. */
function softShutdownMs(service: Service): number {
  if (service.plan.stopSignal === service.plan.fastStopSignal) return 0;
  return Math.max(0, lastHeartbeat(service)?.soft_shutdown ?? 0) * 1000;
}

function exceeded(service: Service, signal: NodeJS.Signals, afterMs: number): DjinitError {
  return new DjinitError(
    "DJINIT_GRACE_PERIOD_EXCEEDED",
    `cannot stop ${service.name} within ${afterMs / 1000} s: ${signal}, so that it gives back its tasks before it is killed`,
    { fields: { targets: [service.name], signal, ...runningTasks([service]) } },
  );
}

/**
 * Only celery's process pool has a last call. The solo pool would take its task as failed and acknowledge it; if it is
 * killed instead, the broker delivers the task again.
 */
function hasChildren(pid: number): boolean {
  return listProcesses().some(({ parentPid, state }) => parentPid === pid && state !== "Z");
}
