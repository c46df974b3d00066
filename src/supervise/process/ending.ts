// How a process of a service is made to end: asked, asked to hurry, killed.
import type { Clock } from "../../base/clock.ts";
import type { ServicePlan } from "../../plan/plan.ts";
import type { HeldSockets } from "../sockets/held-sockets.ts";
import { sendSignal } from "./spawn.ts";

/** For the main process to tell the others itself. */
const HURRY_REST_MS = 500;

export interface Ending {
  plan: ServicePlan;
  pid: number;
  /** What it accepts connections from, if that is PID 1's. */
  sockets: HeldSockets | undefined;
  clock: Clock;
  /** Whether it still is the service's process. */
  isPresent: () => boolean;
}

/**
 * `forGood`: connections that the kernel has taken already are its own to serve; after them there are no more. For a
 * restart what waits in the sockets waits for the successor.
 */
export async function askToEnd({ plan, pid, sockets, isPresent }: Ending, forGood: boolean): Promise<void> {
  if (sockets === undefined || !forGood) return sendSignal(pid, plan.stopSignal);
  await sockets.refuseNew();
  if (!isPresent()) return;
  sendSignal(pid, plan.stopSignal);
  await sockets.release();
}

export function askToHurry({ plan, pid, clock, isPresent }: Ending): void {
  sendSignal(pid, plan.fastStopSignal);
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
