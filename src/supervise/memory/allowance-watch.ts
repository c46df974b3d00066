// Tells gunicorn's master what the container may use, again whenever that has changed: a pod may be resized in place.
import type { Clock } from "../../base/clock.ts";
import { type Allowance, readAllowance, type Told, tellAllowance } from "../../platform/cgroup/allowance.ts";

/** One look is a few small files. */
const PERIOD_MS = 5_000;

export interface AllowanceWatch {
  /** Asks for the largest worker to be renewed. */
  relieve(usageBytes: number): void;
}

/** `beside`: services that have loaded the project too. The boot has written the file once. */
export function watchAllowance(
  { path, beside }: { path: string; beside: number },
  clock: Clock,
  read: () => Allowance = readAllowance,
  tell: (path: string, told: Told) => void = tellAllowance,
): AllowanceWatch {
  let told: Told = { ...read(), beside, relief: 0 };
  tell(path, told);
  const say = (next: Told): void => {
    if (JSON.stringify(next) === JSON.stringify(told)) return;
    told = next;
    tell(path, told);
  };
  const look = (): void => {
    say({ ...told, ...read() });
    clock.after(PERIOD_MS, look);
  };
  clock.after(PERIOD_MS, look);
  return { relieve: (usageBytes) => say({ ...told, relief: told.relief + 1, usageBytes }) };
}
