import type { Config } from "../../config/variables.ts";
import type { HealthPlan } from "../plan.ts";
import { commandOfLine } from "./line.ts";

/** What follows DJINIT_HEALTH_ and DJINIT_STOP_SIGNAL_ for the process of that name. */
export function suffixOf(name: string): string {
  return name.toUpperCase().replaceAll("-", "_");
}

/** The command of DJINIT_HEALTH_<NAME>, if there is one. */
export function planHealth(name: string, config: Config): HealthPlan | undefined {
  const line = config.healthCommands[suffixOf(name)];
  if (line === undefined) return undefined;
  const { healthPeriodMs: periodMs, healthTimeoutMs: timeoutMs } = config;
  return { argv: commandOfLine(line).argv, periodMs, timeoutMs };
}
