// The line `release` of the Procfile, after the steps of a release.
import { systemClock } from "../base/clock.ts";
import { DjinitError } from "../base/errors.ts";
import { RELEASE_LINE } from "../config/log-types.ts";
import { commandOfLine } from "../plan/processes/line.ts";
import type { BootContext } from "./context.ts";
import { djangoEnvironment } from "./django/environment.ts";
import { confinedProgram } from "./hooks/confined.ts";
import { type OwnProgram, runProgram } from "./hooks/run-program.ts";

/** Nothing where there is none. Errors: DJINIT_RELEASE_FAILED, and those of runProgram. */
export async function runReleaseLine(
  { config, environment, invocation, log, observer, signal, sink }: BootContext,
  runAsPrefix: string[],
): Promise<void> {
  const { releaseLine } = invocation;
  if (releaseLine === undefined) return;
  observer.onStepStarted(RELEASE_LINE);
  const startedMs = systemClock.monotonicMs();
  await runProgram(
    programOf(releaseLine),
    {
      appDirectory: config.appDirectory,
      runAsPrefix,
      confined: confinedProgram(config),
      environment: djangoEnvironment(config, environment, runAsPrefix),
      timeoutMs: config.hookTimeoutMs,
      gracePeriodMs: config.gracePeriodMs,
      sink,
      log,
      clock: systemClock,
    },
    signal,
  );
  const seconds = Math.round(systemClock.monotonicMs() - startedMs) / 1000;
  observer.onStep({ step: RELEASE_LINE, seconds });
  log.info({ step: RELEASE_LINE, seconds }, `the Procfile's release line finished in ${seconds} s`);
}

function programOf(line: string): OwnProgram {
  return {
    name: RELEASE_LINE,
    title: "the Procfile's release line",
    argv: commandOfLine(line).argv,
    fields: { step: RELEASE_LINE },
    failure: (cause, status, lines) =>
      new DjinitError("DJINIT_RELEASE_FAILED", `cannot finish the Procfile's release line: ${cause}`, {
        fields: { ...(status === null ? {} : { release_status: status }), lines: [...lines] },
      }),
  };
}
