// Runs the hooks of one point, one after the other, and says so.
import type { BootObserver } from "../facts.ts";
import type { Hook, HookPoint } from "./find-hooks.ts";
import { type HookSurroundings, runHook } from "./run-hook.ts";

export interface HookRunner extends HookSurroundings {
  observer: BootObserver;
  /** Called with each that has ended with 0. */
  onRan: (ran: RanHook) => void;
}

export interface RanHook {
  hook: string;
  seconds: number;
}

/** The first that fails is the last that runs. Errors: those of runHook. */
export async function runHooks(
  hooks: readonly Hook[],
  runner: HookRunner,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log, observer } = runner;
  for (const hook of hooks) {
    const { name } = hook;
    observer.onStepStarted(name);
    log.debug({ hook: name }, `hook ${name} started`);
    const startedMs = clock.monotonicMs();
    await runHook(hook, runner, signal);
    const seconds = Math.round(clock.monotonicMs() - startedMs) / 1000;
    observer.onStep({ step: name, seconds });
    runner.onRan({ hook: name, seconds });
    log.info({ hook: name, seconds }, `hook ${name} finished in ${seconds} s`);
  }
}

/** What the steps of the boot know of hooks. */
export interface HookSet {
  /** The points that have any. */
  points: HookPoint[];
  /** Errors: those of runHook. */
  run(point: HookPoint, signal: AbortSignal): Promise<void>;
}
