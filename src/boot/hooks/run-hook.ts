// Runs one hook.
import { DjinitError } from "../../base/errors.ts";
import type { Hook } from "./find-hooks.ts";
import { type ProgramSurroundings, runProgram } from "./run-program.ts";

export interface HookSurroundings extends ProgramSurroundings {
  /** What the program is told: the container's role. */
  role: string;
}

/** Resolves when it has ended with 0. Errors: DJINIT_HOOK_FAILED, and those of runProgram. */
export function runHook(hook: Hook, given: HookSurroundings, signal: AbortSignal): Promise<void> {
  const program = {
    name: hook.name,
    title: `hook ${hook.path}`,
    argv: [hook.path, given.role],
    fields: { hook: hook.name },
    failure: (cause: string, status: number | null, lines: readonly string[]) =>
      failure(hook, whyNotExecuted(cause), status, lines),
  };
  return runProgram(program, given, signal);
}

function failure(hook: Hook, cause: string, status: number | null, lines: readonly string[]): DjinitError {
  const after =
    hook.point === "after-migrate"
      ? "; the migrations stay applied, and the next start, which finds none pending, does not run it again"
      : "";
  return new DjinitError("DJINIT_HOOK_FAILED", `cannot finish hook ${hook.path}: ${cause}${after}`, {
    fields: { hook: hook.name, ...(status === null ? {} : { hook_status: status }), lines: [...lines] },
  });
}

/** The kernel does not tell a missing interpreter from a missing file, and the file is there. */
function whyNotExecuted(cause: string): string {
  return cause === "No such file or directory"
    ? "the program that its first line names is not in the image, or that line ends in CR LF"
    : cause;
}
