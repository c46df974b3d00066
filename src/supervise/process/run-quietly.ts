// Runs a command as a service's process would run, for its exit status and its last lines. Nothing of it is written.
import { type Clock, within } from "../../base/clock.ts";
import type { Fields } from "../../logs/record.ts";
import { LastLines } from "../../logs/write/last-lines.ts";
import { makePolicy } from "../../logs/write/policy.ts";
import type { Sink } from "../../logs/write/sink.ts";
import type { ServicePlan } from "../../plan/plan.ts";
import type { Reaper } from "./reaper.ts";
import { sendSignal, spawnService } from "./spawn.ts";

/** A process that the command leaves behind with its pipe open must not hold anything up. */
const RELAY_TIMEOUT_MS = 1_000;

export interface QuietCommand {
  plan: ServicePlan;
  argv: string[];
  environment: NodeJS.ProcessEnv;
  timeoutMs: number;
  clock: Clock;
  reaper: Reaper;
  /** What a line is to be called. */
  rename?: (msg: string) => string;
  onRecord?: (fields: Fields) => void;
  /** Called with each line as it came, but for `rename`. */
  onLine?: (line: string) => void;
}

export interface QuietEnd {
  status: number;
  /** It took longer than its time, and was killed. */
  late: boolean;
  lines: string[];
}

/** Errors: the system's, where no process can be started. */
export async function runQuietly({
  plan,
  argv,
  environment,
  timeoutMs,
  clock,
  reaper,
  rename = (msg) => msg,
  onRecord,
  onLine,
}: QuietCommand): Promise<QuietEnd> {
  const last = new LastLines();
  const { pid, ended, relayed } = spawnService({
    plan: { ...plan, argv },
    environment,
    sink: SILENT,
    clock,
    reaper,
    onLine: onLine && ((line) => onLine(rename(line))),
    onRecord: (given) => {
      const fields = { ...given, msg: rename(given.msg) };
      last.add(fields);
      onRecord?.(fields);
    },
  });
  let late = false;
  const cancelDeadline = clock.after(timeoutMs, () => {
    late = true;
    if (pid !== undefined) sendSignal(pid, "SIGKILL");
  });
  const status = await ended.finally(cancelDeadline);
  if (pid !== undefined) reaper.wasKilled(pid);
  if (pid !== undefined) sendSignal(-pid, "SIGKILL");
  await within(clock, RELAY_TIMEOUT_MS, relayed);
  return { status, late, lines: last.lines };
}

/** `celery report` prints the settings, with the passwords in URLs. So only the error of a failed check is logged. */
const SILENT: Sink = {
  policy: makePolicy(),
  congested: false,
  written: 0,
  write: () => {},
  writeBytes: () => {},
  feedFrom: () => () => {},
  flush: async () => {},
  trim: () => {},
};
