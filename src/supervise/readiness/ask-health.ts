import type { Clock } from "../../base/clock.ts";
import type { ServicePlan } from "../../plan/plan.ts";
import type { Reaper } from "../process/reaper.ts";
import { runQuietly } from "../process/run-quietly.ts";
import { HealthWatch, type HealthWatcher } from "./health-watch.ts";

export interface HealthQuestion {
  plan: ServicePlan;
  environment: NodeJS.ProcessEnv;
  clock: Clock;
  reaper: Reaper;
}

/** Asks while the process runs; undefined where there is nothing to ask. */
export function watchHealth(
  { plan, environment }: Pick<HealthQuestion, "plan" | "environment">,
  { clock, reaper }: Pick<HealthQuestion, "clock" | "reaper">,
  watcher: HealthWatcher,
): HealthWatch | undefined {
  if (plan.health === undefined) return undefined;
  const ask = () => askHealth({ plan, environment, clock, reaper });
  return new HealthWatch(plan.health, clock, ask, watcher);
}

/** Runs the command of a service's health once. Undefined: it ended with 0. Else a sentence about it. */
export async function askHealth({ plan, ...others }: HealthQuestion): Promise<string | undefined> {
  const { health } = plan;
  if (health === undefined) return undefined;
  try {
    const { argv, timeoutMs } = health;
    const { status, late, lines } = await runQuietly({ plan, argv, timeoutMs, ...others });
    if (late) return `its health command took longer than ${timeoutMs / 1_000} s`;
    if (status === 0) return undefined;
    const said = lines.at(-1);
    return `its health command ended with status ${status}${said === undefined ? "" : `: ${said}`}`;
  } catch (error) {
    return `its health command cannot be run: ${(error as Error).message}`;
  }
}
