// A restart has a deadline, whoever has asked for it: meanwhile nobody takes the service's connections or tasks.
import type { Clock } from "../../base/clock.ts";
import { logError, type OwnLog } from "../../logs/write/own-log.ts";
import type { Service } from "../service.ts";
import { runningTasks } from "./celery-report.ts";
import { planLastCalls } from "./last-call.ts";

export interface RestartLimit {
  clock: Clock;
  log: OwnLog;
  gracePeriodMs: number;
}

/** For a service that has just been asked to end. Returns a function that cancels the deadline, and the last call before it. */
export function limitRestart(service: Service, { clock, log, gracePeriodMs }: RestartLimit): () => void {
  const cancelLastCall = planLastCalls([service], gracePeriodMs, clock, (error) => logError(log, error));
  const cancel = clock.after(gracePeriodMs, () => {
    const text = `cannot restart ${service.name} within ${gracePeriodMs / 1000} s: killing the old process`;
    log.error({ target: service.name, ...runningTasks([service]) }, text);
    service.handle({ type: "restart-timeout" });
  });
  return () => {
    cancel();
    cancelLastCall();
  };
}
