// Runs one hook: its output becomes records, it has a deadline, and nothing of it outlives it.
import { type Clock, within } from "../../base/clock.ts";
import { DjinitError } from "../../base/errors.ts";
import { openRelay } from "../../logs/read/relay.ts";
import type { Fields } from "../../logs/record.ts";
import { LastLines } from "../../logs/write/last-lines.ts";
import type { OwnLog } from "../../logs/write/own-log.ts";
import type { Sink } from "../../logs/write/sink.ts";
import { startAfter } from "../../platform/service-argv.ts";
import { sayEnd, startChild, startFailure } from "../child-end.ts";
import type { Hook } from "./find-hooks.ts";
import { endLeftovers, signalGroup } from "./process-group.ts";

/** From TERM to KILL, for what has missed its deadline or was left behind. */
const KILL_AFTER_MS = 5_000;
/** A process that has left the group may hold the pipes. */
const RELAY_TIMEOUT_MS = 1_000;

export interface HookSurroundings {
  /** What the program is told: the container's role. */
  role: string;
  appDirectory: string;
  /** What stands before a command so that it runs as user django. */
  runAsPrefix: string[];
  environment: NodeJS.ProcessEnv;
  timeoutMs: number;
  /** From the stop signal to SIGKILL. */
  gracePeriodMs: number;
  sink: Sink;
  log: OwnLog;
  clock: Clock;
}

/**
 * Resolves when it has ended with 0. Errors: DJINIT_HOOK_FAILED; DJINIT_SPAWN_FAILED where no process could be had; the signal's
 * reason when it was aborted, after the end of the hook; DJINIT_GRACE_PERIOD_EXCEEDED when that did not come in time.
 */
export async function runHook(hook: Hook, given: HookSurroundings, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { clock, sink, timeoutMs, gracePeriodMs } = given;
  const said = new LastLines();
  const relay = { service: hook.name, sink, clock, onRecord: (fields: Fields) => said.add(fields) };
  const [stdout, stderr] = [openRelay(relay), openRelay(relay)];
  const { child, ended } = startChild(
    startAfter(given.runAsPrefix, [hook.path, given.role], given.environment),
    { cwd: given.appDirectory, stdio: ["ignore", stdout.writeFd, stderr.writeFd], detached: true },
  );
  const pid = child?.pid;
  for (const { childHasIt } of [stdout, stderr]) childHasIt(pid);

  let isRunning = true;
  let isLate = false;
  let isKilled = false;
  const end = (killAfterMs: number): void => {
    if (pid === undefined || !isRunning) return;
    signalGroup(pid, "SIGTERM");
    clock.after(killAfterMs, () => {
      if (!isRunning) return;
      isKilled = true;
      signalGroup(pid, "SIGKILL");
    });
  };
  const cancelDeadline = clock.after(timeoutMs, () => {
    isLate = true;
    end(KILL_AFTER_MS);
  });
  const onAbort = (): void => end(gracePeriodMs);
  signal.addEventListener("abort", onAbort, { once: true });
  const result = await ended;
  isRunning = false;
  cancelDeadline();
  signal.removeEventListener("abort", onAbort);
  const hasLeft = pid !== undefined && (await endLeftovers(pid, clock, KILL_AFTER_MS));
  await within(clock, RELAY_TIMEOUT_MS, Promise.all([stdout.ended, stderr.ended]));

  if (signal.aborted && isKilled)
    throw new DjinitError(
      "DJINIT_GRACE_PERIOD_EXCEEDED",
      `cannot stop hook ${hook.path} within ${gracePeriodMs / 1000} s: killed`,
      { fields: { hook: hook.name } },
    );
  signal.throwIfAborted();
  const failed = (cause: string): DjinitError => failure(hook, cause, result.status, said.lines);
  if (isLate) throw failed(`it has not ended within ${timeoutMs / 1000} s`);
  const neverRan = startFailure(hook.path, result, said.lines);
  if (result.failure !== undefined && neverRan !== undefined) throw neverRan;
  if (neverRan !== undefined) throw failed(whyNotExecuted(neverRan.message));
  if (result.status !== 0) throw failed(`it ${sayEnd(result)}`);
  if (hasLeft)
    given.log.warn(
      { hook: hook.name },
      `hook ${hook.name} has left processes behind, which were ended: what is to run beside the services must be a service of its own`,
    );
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
function whyNotExecuted(message: string): string {
  const cause = message.replace(/^cannot start \S+: /, "");
  return cause === "No such file or directory"
    ? "the program that its first line names is not in the image, or that line ends in CR LF"
    : cause;
}
