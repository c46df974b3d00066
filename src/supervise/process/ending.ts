// Ends a process of a service: with its stop signal, with a faster one, with SIGKILL.
import type { Clock } from "../../base/clock.ts";
import type { ServicePlan } from "../../plan/plan.ts";
import type { HeldSockets } from "../sockets/held-sockets.ts";
import { sendSignal } from "./spawn.ts";

/** Time for the main process to signal the others itself. */
const HURRY_REST_MS = 500;

export interface Ending {
  plan: ServicePlan;
  pid: number;
  /** The listening sockets that the process accepts from, if PID 1 holds them. */
  sockets: HeldSockets | undefined;
  clock: Clock;
  /** Whether this is still the service's process. */
  isPresent: () => boolean;
}

/**
 * `forGood`: the process still serves the connections that the kernel has taken already, and the sockets take no more. For a
 * restart, connections in the sockets wait for the next process.
 */
export async function askToEnd({ plan, pid, sockets, isPresent }: Ending, forGood: boolean): Promise<void> {
  if (sockets === undefined || !forGood) return sendSignal(targetOf(plan, pid), plan.stopSignal);
  await sockets.refuseNew();
  if (!isPresent()) return;
  sendSignal(pid, plan.stopSignal);
  await sockets.release();
}

/** The main process alone, as a rule: a celery whose pool gets the signal too loses tasks. */
function targetOf({ signalsGroup = false }: ServicePlan, pid: number): number {
  return signalsGroup ? -pid : pid;
}

export function askToHurry({ plan, pid, clock, isPresent }: Ending): void {
  sendSignal(targetOf(plan, pid), plan.fastStopSignal);
  const { hurryRest = [] } = plan;
  if (hurryRest.length === 0) return;
  clock.after(HURRY_REST_MS, () => {
    if (isPresent()) for (const signal of hurryRest) sendSignal(-pid, signal);
  });
}

export function kill({ plan, pid }: Ending): void {
  sendSignal(pid, "SIGKILL");
  if (plan.output === "relay") sendSignal(-pid, "SIGKILL");
}
