// The hooks of the image, with what they are run with.
import { systemClock } from "../base/clock.ts";
import { RUN_DIRECTORY } from "../plan/paths.ts";
import type { Plan } from "../plan/plan.ts";
import type { BootContext } from "./context.ts";
import { djangoEnvironment } from "./django/environment.ts";
import { confinedProgram } from "./hooks/confined.ts";
import { atPoint, HOOK_POINTS } from "./hooks/find-hooks.ts";
import { saveRanHooks } from "./hooks/ran-hooks.ts";
import { type HookSet, type RanHook, runHooks } from "./hooks/run-hooks.ts";

/** Those before and after a migration get the environment of the boot's steps; those before the services, the services'. */
export function prepareHooks(
  { config, environment, hooks, invocation, log, observer, place, sink }: BootContext,
  { runAsPrefix, run }: { runAsPrefix: string[] } & Pick<Plan, "run">,
): HookSet {
  const ran: RanHook[] = [];
  return {
    points: HOOK_POINTS.filter((point) => atPoint(hooks, point).length > 0),
    run: (point, signal) =>
      runHooks(
        atPoint(hooks, point),
        {
          role: invocation.role,
          appDirectory: config.appDirectory,
          runAsPrefix,
          confined: confinedProgram(config),
          environment: djangoEnvironment(point === "before-start" ? {} : config, environment, runAsPrefix),
          timeoutMs: config.hookTimeoutMs,
          gracePeriodMs: config.gracePeriodMs,
          sink,
          log,
          observer,
          clock: systemClock,
          onRan: (hook) => {
            ran.push(hook);
            if (place.isFirst && run === RUN_DIRECTORY) saveRanHooks(ran);
          },
        },
        signal,
      ),
  };
}
