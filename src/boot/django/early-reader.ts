// The settings are imported beside gunicorn's start, before the boot's libraries are loaded.
import { closeSync } from "node:fs";
import type { Config } from "../../config/variables.ts";
import { FIRST_FD } from "../../plan/inherited-descriptors.ts";
import type { StepName } from "../../plan/plan.ts";
import { type ChildPipe, openChildPipe } from "../../platform/child-pipe.ts";
import { signalTree } from "../../platform/process-tree.ts";
import { startAfter } from "../../platform/service-argv.ts";
import { confinedProgram } from "../hooks/confined.ts";
import { djangoEnvironment } from "./environment.ts";
import { type Interpreter, startShortInterpreter } from "./interpreter.ts";

const SETUP_PROGRAM = "/usr/local/lib/djinit/djinit_setup.py";
export const READ_SETTINGS: StepName = "read-settings";

/** The pipes' write ends are open here too, until somebody reads them. */
export interface EarlyInterpreter {
  interpreter: Interpreter;
  stdout: ChildPipe;
  stderr: ChildPipe;
}

export interface EarlyReader {
  /**
   * The first time: for whoever relays its output and takes its reports. Undefined where it has come to nothing: another one has
   * to be started. Errors: the reason of the signal.
   */
  take(signal: AbortSignal): Promise<EarlyInterpreter | undefined>;
  /** Ends it, unless it has been taken: nobody has a use for it. */
  discard(): void;
  /** Something will be changed: who has imported the settings to go on with them is ended, and begins anew behind it. */
  dismiss?(): void;
}

/** The command of the program for these steps. */
export function setupWords(options: object, steps: readonly StepName[]): string[] {
  return ["python", SETUP_PROGRAM, JSON.stringify({ ...options, eventsFd: FIRST_FD }), ...steps];
}

/** `runAsPrefix` stands before a command so that it runs as user django. Errors: throws when no descriptor is left. */
export function readSettingsEarly(
  config: Pick<Config, "migrationsDatabaseUrl"> & Parameters<typeof confinedProgram>[0],
  environment: NodeJS.ProcessEnv,
  runAsPrefix: string[],
): EarlyReader {
  const given = djangoEnvironment(config, environment, runAsPrefix);
  const [stdout, stderr] = [openChildPipe(), openChildPipe()];
  const confined = confinedProgram(config);
  const start = startAfter(runAsPrefix, setupWords({}, [READ_SETTINGS]), given, { confined });
  const interpreter = startShortInterpreter(start, {
    cwd: config.appDirectory,
    stdoutFd: stdout.writeFd,
    stderrFd: stderr.writeFd,
  });
  let left: EarlyInterpreter | undefined = { interpreter, stdout, stderr };
  const take = (): EarlyInterpreter | undefined => {
    const taken = left;
    left = undefined;
    return taken;
  };
  return {
    take: () => Promise.resolve(take()),
    discard: () => {
      if (take() === undefined) return;
      interpreter.socket.destroy();
      for (const { readFd, writeFd } of [stdout, stderr]) {
        closeSync(readFd);
        closeSync(writeFd);
      }
      if (interpreter.pid !== undefined) void signalTree(interpreter.pid, "SIGKILL");
    },
  };
}
