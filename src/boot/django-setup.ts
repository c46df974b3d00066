// Runs the steps that need Django, all in one interpreter: each start of Django costs about 0.4 s.
import { type Clock, within } from "../base/clock.ts";
import { DjinitError } from "../base/errors.ts";
import { LastLines } from "../logs/last-lines.ts";
import type { OwnLog } from "../logs/own-log.ts";
import type { Fields } from "../logs/record.ts";
import { openRelay } from "../logs/relay.ts";
import type { Sink } from "../logs/sink.ts";
import { APP_DIRECTORY } from "../plan/paths.ts";
import type { StepName } from "../plan/plan.ts";
import { startAfter } from "../platform/service-words.ts";
import type { compareMigrations } from "./compare-migrations.ts";
import { readEvent, type SetupEvent, STEP_ERROR_CODES, takeEvent } from "./setup-events.ts";

const SETUP_PROGRAM = "/usr/local/lib/djinit/djinit_setup.py";
/** From TERM to KILL, for a step that has missed its deadline: long enough for a database to roll back. */
const KILL_AFTER_MS = 5_000;
const RELAY_TIMEOUT_MS = 1_000;

/** What djinit_setup.py is told. */
export interface ProgramOptions {
  databaseTimeoutSeconds: number;
  migrateTimeoutSeconds: number;
  lockTimeoutSeconds: number;
  /** `held`: djinit has the lock that keeps other containers from migrating; `own`: the program takes it when it needs it. */
  lock: "held" | "own";
  /** Run `migrate` even when nothing is pending. */
  always: boolean;
  /** Else one that cannot be made is only reported. */
  manifestIsRequired: boolean;
}

export interface SetupOptions {
  steps: StepName[];
  program: ProgramOptions;
  onManifest: (facts: unknown) => void;
  onMigrations: (...compared: Parameters<typeof compareMigrations>) => void;
  /** Words before the command that make it run as user django. */
  dropWords: string[];
  environment: NodeJS.ProcessEnv;
  deadlinesMs: Record<StepName, number>;
  sink: Sink;
  log: OwnLog;
  clock: Clock;
  signal: AbortSignal;
  /** From the stop signal to SIGKILL. */
  gracePeriodMs: number;
}

/**
 * Resolves when all steps are done. Errors: the failed step's own code, DJINIT_SETTINGS_FAILED, or the signal's reason
 * when it was aborted: then the interpreter was asked to stop, and its transaction rolled back, before this rejects.
 * DJINIT_GRACE_PERIOD_EXCEEDED when it did not stop in time.
 */
export async function runDjangoSetup(options: SetupOptions): Promise<void> {
  const { steps, dropWords, environment, sink, log, clock, signal } = options;
  const { execa, treeKill } = await import("./programs.ts");
  let step: StepName = steps[0] as StepName;
  let migration: string | undefined;
  let failure: DjinitError | undefined;
  let cancelDeadline = () => {};

  const end = (killAfterMs: number): void => {
    if (pid === undefined) return;
    treeKill(pid, "SIGTERM");
    clock.after(killAfterMs, () => {
      if (finished) return;
      killed = true;
      treeKill(pid, "SIGKILL");
    });
  };
  const onDeadline = (): void => {
    const text = `cannot finish step ${step} within ${options.deadlinesMs[step] / 1000} s`;
    failure ??= new DjinitError(STEP_ERROR_CODES[step], text, {
      fields: { step, ...(migration ? { migration } : {}) },
    });
    end(KILL_AFTER_MS);
  };
  const onEvent = (event: SetupEvent): void => {
    if (event.event === "step-started") {
      step = event.step;
      cancelDeadline();
      cancelDeadline = clock.after(options.deadlinesMs[step], onDeadline);
    }
    if (event.event === "manifest") options.onManifest(event.facts);
    if (event.event === "migrations") options.onMigrations(event.known, event.recorded);
    if (event.event === "migrating") migration = event.migration;
    failure ??= takeEvent(event, migration, log);
    // What fails between two migrations, such as a receiver of post_migrate, is the fault of neither.
    if (event.event === "migrated") migration = undefined;
  };
  const intercept = (line: string): (() => void) | undefined => {
    const event = readEvent(line);
    return event === undefined ? undefined : () => onEvent(event);
  };

  const said = new LastLines();
  const onRecord = (fields: Fields): void => said.add(fields);
  const relay = { service: () => step, sink, clock, onRecord, intercept };
  const stdout = openRelay(relay);
  const stderr = openRelay(relay);
  const python = ["python", SETUP_PROGRAM, JSON.stringify(options.program), ...steps];
  const { file, args, env } = startAfter(dropWords, python, environment);
  const subprocess = execa(file, args, {
    cwd: APP_DIRECTORY,
    env,
    extendEnv: false,
    // Any descriptor will do; execa's types know the standard ones only.
    stdio: ["ignore", stdout.writeFd as 1, stderr.writeFd as 2],
    buffer: false,
    reject: false,
    cleanup: false,
  });
  const { pid } = subprocess;
  let finished = false;
  let killed = false;
  stdout.childHasIt(pid);
  stderr.childHasIt(pid);

  const onAbort = (): void => end(options.gracePeriodMs);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  const result = await subprocess;
  finished = true;
  signal.removeEventListener("abort", onAbort);
  cancelDeadline();
  // Not for ever: a process that the project has started in the background may hold the pipes.
  const relayed = Promise.all([stdout.ended, stderr.ended]);
  await within(clock, RELAY_TIMEOUT_MS, relayed);

  if (signal.aborted && killed) throw graceExceeded(step, options.gracePeriodMs);
  signal.throwIfAborted();
  if (failure !== undefined) throw failure;
  if (result.exitCode !== 0) {
    const how = result.signal === undefined ? `with status ${result.exitCode}` : `by ${result.signal}`;
    const text = `cannot finish step ${step}: its process ended ${how}`;
    throw new DjinitError(STEP_ERROR_CODES[step], text, { fields: { step, lines: said.lines } });
  }
}

function graceExceeded(step: StepName, gracePeriodMs: number): DjinitError {
  const text = `cannot stop step ${step} within ${gracePeriodMs / 1000} s: killed`;
  return new DjinitError("DJINIT_GRACE_PERIOD_EXCEEDED", text, { fields: { step } });
}
