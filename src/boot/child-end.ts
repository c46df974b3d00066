// Starts programs of the boot, and words their ends.
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { DjinitError } from "../base/errors.ts";
import type { Start } from "../platform/service-argv.ts";

export interface ChildEnd {
  status: number | null;
  signal: NodeJS.Signals | null;
  /** Why it could not be started. */
  failure?: NodeJS.ErrnoException;
}

export interface StartedChild {
  /** Undefined if it could not be started. */
  child: ChildProcess | undefined;
  ended: Promise<ChildEnd>;
}

const CAUSES: Record<string, string> = {
  EAGAIN:
    "the container may have no more processes and threads (its pids limit, as by --pids-limit, or ulimit -u)",
  ENOMEM: "there is not enough memory",
  ENOENT: "there is no such program, or the directory to start it in is missing",
  EACCES: "it may not be executed",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  E2BIG: "its environment is too large",
};
/** The messages with which setpriv(1) and start-service fail. They stand before most programs. */
const LAUNCH_FAILED = /^(?:setpriv: (?=.*failed)|djinit: cannot run \S+: )(.*)$/;

/** Starts it. A failed start counts as an end. */
export function startChild({ file, args, env }: Start, options: SpawnOptions): StartedChild {
  let child: ChildProcess;
  try {
    child = spawn(file, args, { ...options, env });
  } catch (failure) {
    return {
      child: undefined,
      ended: Promise.resolve({ status: null, signal: null, failure: failure as Error }),
    };
  }
  const ended = once(child, "exit").then(
    ([status, signal]: (number | string | null)[]) => ({
      status: status as number | null,
      signal: signal as NodeJS.Signals | null,
    }),
    (failure: NodeJS.ErrnoException) => ({ status: null, signal: null, failure }),
  );
  return { child, ended };
}

/** execa's result, with `reject: false`. */
interface ExecaResult {
  exitCode?: number;
  signal?: string;
  cause?: unknown;
}

/** From execa's result. Without a status and a signal, the program never ran. */
export function endOf({ exitCode, signal, cause }: ExecaResult): ChildEnd {
  const end = { status: exitCode ?? null, signal: (signal ?? null) as NodeJS.Signals | null };
  const ran = end.status !== null || end.signal !== null;
  return ran ? end : { ...end, failure: cause as NodeJS.ErrnoException };
}

/** Completes «its process …». */
export function sayEnd({ status, signal, failure }: ChildEnd): string {
  if (failure !== undefined) return `could not be started: ${saySpawnFailure(failure)}`;
  return signal === null ? `ended with status ${status}` : `was killed by ${signal}`;
}

/** The error for a program that never ran; undefined if it ran. `lines` is its output. */
export function startFailure(
  program: string,
  { failure, status }: ChildEnd,
  lines: readonly string[],
): DjinitError | undefined {
  const said = status === 126 || status === 127 ? lines.find((line) => LAUNCH_FAILED.test(line)) : undefined;
  if (failure === undefined && said === undefined) return undefined;
  const cause = failure === undefined ? LAUNCH_FAILED.exec(said ?? "")?.[1] : saySpawnFailure(failure);
  return new DjinitError("DJINIT_SPAWN_FAILED", `cannot start ${program}: ${cause}`, { cause: failure });
}

function saySpawnFailure({ code = "", message }: NodeJS.ErrnoException): string {
  const known = CAUSES[code];
  return known === undefined ? message : `${known} (${message})`;
}
