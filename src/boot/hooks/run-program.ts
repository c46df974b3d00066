// Runs a program of the image's own: its output becomes records, it has a deadline, and nothing of it outlives it.
import { type Clock, within } from "../../base/clock.ts";
import { DjinitError } from "../../base/errors.ts";
import { openRelay } from "../../logs/read/relay.ts";
import type { Fields } from "../../logs/record.ts";
import { LastLines } from "../../logs/write/last-lines.ts";
import type { OwnLog } from "../../logs/write/own-log.ts";
import type { Sink } from "../../logs/write/sink.ts";
import { startAfter } from "../../platform/service-argv.ts";
import { sayEnd, startChild, startFailure } from "../child-end.ts";
import { Escalation } from "../escalation.ts";
import { endLeftovers, signalGroup } from "./process-group.ts";

/** From TERM to KILL, for what has missed its deadline or was left behind. */
const KILL_AFTER_MS = 5_000;
/** A process that has left the group may hold the pipes. */
const RELAY_TIMEOUT_MS = 1_000;

export interface OwnProgram {
  /** The field `service` of its records. */
  name: string;
  /** In messages: `hook /etc/djinit/hooks/…`. */
  title: string;
  argv: string[];
  /** Of records about it. */
  fields: Record<string, unknown>;
  /** The error about an end that is not good. `status` is null where it has none. */
  failure: (cause: string, status: number | null, lines: readonly string[]) => DjinitError;
}

export interface ProgramSurroundings {
  appDirectory: string;
  /** What stands before a command so that it runs as user django. */
  runAsPrefix: string[];
  environment: NodeJS.ProcessEnv;
  /** The words of what it may reach. */
  confined?: readonly string[];
  timeoutMs: number;
  /** From the stop signal to SIGKILL. */
  gracePeriodMs: number;
  sink: Sink;
  log: OwnLog;
  clock: Clock;
}

/**
 * Resolves when it has ended with 0. Errors: the program's own; DJINIT_SPAWN_FAILED where no process could be had; the signal's
 * reason when it was aborted, after the end of the program; DJINIT_GRACE_PERIOD_EXCEEDED when that did not come in time.
 */
export async function runProgram(
  { name, title, argv, fields, failure }: OwnProgram,
  given: ProgramSurroundings,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const { clock, sink, timeoutMs, gracePeriodMs, confined = [] } = given;
  const said = new LastLines();
  const relay = { service: name, sink, clock, onRecord: (fields: Fields) => said.add(fields) };
  const [stdout, stderr] = [openRelay(relay), openRelay(relay)];
  const { child, ended } = startChild(startAfter(given.runAsPrefix, argv, given.environment, { confined }), {
    cwd: given.appDirectory,
    stdio: ["ignore", stdout.writeFd, stderr.writeFd],
    detached: true,
  });
  const pid = child?.pid;
  for (const { childHasIt } of [stdout, stderr]) childHasIt(pid);

  let isLate = false;
  const escalation = new Escalation(clock, pid, signalGroup);
  const cancelDeadline = clock.after(timeoutMs, () => {
    isLate = true;
    escalation.begin(KILL_AFTER_MS);
  });
  const onAbort = (): void => escalation.begin(gracePeriodMs);
  signal.addEventListener("abort", onAbort, { once: true });
  const result = await ended;
  escalation.finish();
  cancelDeadline();
  signal.removeEventListener("abort", onAbort);
  const hasLeft = pid !== undefined && (await endLeftovers(pid, clock, KILL_AFTER_MS));
  await within(clock, RELAY_TIMEOUT_MS, Promise.all([stdout.ended, stderr.ended]));

  if (signal.aborted && escalation.hasKilled)
    throw new DjinitError(
      "DJINIT_GRACE_PERIOD_EXCEEDED",
      `cannot stop ${title} within ${gracePeriodMs / 1000} s: killed`,
      { fields },
    );
  signal.throwIfAborted();
  const failed = (cause: string): DjinitError => failure(cause, result.status, said.lines);
  if (isLate) throw failed(`it has not ended within ${timeoutMs / 1000} s`);
  const neverRan = startFailure(argv[0] ?? "", result, said.lines);
  if (result.failure !== undefined && neverRan !== undefined) throw neverRan;
  if (neverRan !== undefined) throw failed(neverRan.message.replace(/^cannot start \S+: /, ""));
  if (result.status !== 0) throw failed(`it ${sayEnd(result)}`);
  if (hasLeft)
    given.log.warn(
      fields,
      `${title} has left processes behind, which were ended: what is to run beside the services must be a service of its own`,
    );
}
