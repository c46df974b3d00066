// Runs the steps that need Django, all in one interpreter: each start of Django costs about 0.4 s.
import { type Clock, within } from "../../base/clock.ts";
import { asDjinitError, DjinitError } from "../../base/errors.ts";
import { VARIABLES } from "../../config/variables.ts";
import { relayOf } from "../../logs/read/relay.ts";
import type { Fields } from "../../logs/record.ts";
import { LastLines } from "../../logs/write/last-lines.ts";
import type { OwnLog } from "../../logs/write/own-log.ts";
import type { Sink } from "../../logs/write/sink.ts";
import type { StepName } from "../../plan/plan.ts";
import { openChildPipe } from "../../platform/child-pipe.ts";
import { catchesSignal } from "../../platform/proc.ts";
import { signalTree } from "../../platform/process-tree.ts";
import { startAfter } from "../../platform/service-argv.ts";
import { Escalation } from "../escalation.ts";
import type { BootObserver } from "../facts.ts";
import type { HookPoint } from "../hooks/find-hooks.ts";
import type { HookSet } from "../hooks/run-hooks.ts";
import type { ManifestFacts } from "../schema/manifest.ts";
import type { OwnMigrateMark } from "../schema/own-migrate.ts";
import { type EarlyInterpreter, READ_SETTINGS, setupWords } from "./early-reader.ts";
import { readEvents } from "./event-channel.ts";
import type { PythonError, SetupEvent, TimedEvent } from "./event-schemas.ts";
import { observeEvent, takeEvent } from "./events.ts";
import { codeOf } from "./failure.ts";
import { startInterpreter } from "./interpreter.ts";
import { SetupProgress } from "./progress.ts";

/** From TERM to KILL, for a step that has missed its deadline: long enough for a database to roll back. */
const KILL_AFTER_MS = 5_000;
const RELAY_TIMEOUT_MS = 1_000;
/** Asks djinit_setup.py where the project's code is, while it is being loaded; it then ends. */
const WHERE_SIGNAL = 44;
/** How long it may take to say so. What waits in C does not hear it. */
const WHERE_MS = 1_000;

/** What djinit_setup.py is told. */
export interface ProgramOptions {
  databaseTimeoutSeconds: number;
  migrateTimeoutSeconds: number;
  lockTimeoutSeconds: number;
  /** `held`: djinit has the lock that keeps other containers from migrating; `own`: the program takes it when it needs it. */
  lock: "held" | "own";
  /** It asks for the hooks of these points where something is pending. */
  hooks: HookPoint[];
  /** Aliases of those to migrate; null: as the routers say. */
  databases: string[] | null;
  /** Run `migrate` even when nothing is pending. */
  always: boolean;
  /** Left in the database when the project's own `migrate` has run. */
  ownMigrate: OwnMigrateMark | null;
  /** False: a manifest that cannot be made is only reported. */
  manifestIsRequired: boolean;
}

export interface SetupOptions {
  steps: StepName[];
  appDirectory: string;
  program: ProgramOptions;
  hooks: HookSet | undefined;
  /** Has been started with the only step already. */
  early?: EarlyInterpreter | undefined;
  onManifest: (facts: ManifestFacts) => void;
  onSettings: (settings: Extract<SetupEvent, { event: "settings" }>) => void;
  onMigrations: (migrations: Extract<SetupEvent, { event: "migrations" }>) => void;
  /** What stands before a command so that it runs as user django. */
  runAsPrefix: string[];
  /** What it may reach (confinement/rules.ts). */
  confined?: string[];
  environment: NodeJS.ProcessEnv;
  /** From the start of Python until the settings are imported and Django has started. */
  startTimeoutMs: number;
  deadlinesMs: Record<StepName, number>;
  sink: Sink;
  log: OwnLog;
  observer: BootObserver;
  clock: Clock;
  signal: AbortSignal;
  /** From the stop signal to SIGKILL. */
  gracePeriodMs: number;
}

/**
 * Resolves when the program has reported the end of each step, and its own. Status 0 alone proves nothing.
 * Errors: the failed step's own code, DJINIT_SETTINGS_FAILED, DJINIT_STEP_KILLED, DJINIT_SPAWN_FAILED, or the signal's reason
 * when it was aborted: then the interpreter was asked to stop, and its transaction rolled back, before this rejects.
 * DJINIT_GRACE_PERIOD_EXCEEDED when it did not stop in time.
 */
export async function runDjangoSetup(options: SetupOptions): Promise<void> {
  const { steps, runAsPrefix, confined = [], environment, sink, log, clock, signal } = options;
  const progress = new SetupProgress(steps);
  const secondsSinceLast = stopwatch(clock);
  let failure: DjinitError | undefined;

  const said = new LastLines();
  const relay = { service: () => progress.step, sink, clock, onRecord: (fields: Fields) => said.add(fields) };
  const { early } = options;
  const stdout = relayOf(early?.stdout ?? openChildPipe(), relay);
  const stderr = relayOf(early?.stderr ?? openChildPipe(), relay);
  const python = setupWords({ ...options.program }, steps);
  const interpreter =
    early?.interpreter ??
    (await startInterpreter(startAfter(runAsPrefix, python, environment, { confined }), {
      cwd: options.appDirectory,
      stdoutFd: stdout.writeFd,
      stderrFd: stderr.writeFd,
      isShort: steps.every((step) => step === READ_SETTINGS),
    }));
  const { pid, socket, ended } = interpreter;
  for (const { childHasIt } of [stdout, stderr]) childHasIt(pid);
  options.observer.onStepStarted(progress.step);

  const escalation = new Escalation(clock, pid, interpreter.send ?? signalTree);
  const onDeadline = (): void => {
    const { step, migration, waiting } = progress;
    const why = waiting === undefined ? "" : `: ${waiting}`;
    const text = `cannot finish step ${step} within ${options.deadlinesMs[step] / 1000} s${why}`;
    failure ??= new DjinitError(codeOf(step, migration), text, {
      fields: { step, ...(migration === undefined ? {} : { migration }) },
    });
    escalation.begin(KILL_AFTER_MS);
  };
  let isLate = false;
  const onLateStart = (): void => {
    isLate = true;
    askWhere(pid);
    cancelDeadline = clock.after(WHERE_MS, () => {
      failure ??= lateStart(options.startTimeoutMs);
      escalation.begin(KILL_AFTER_MS);
    });
  };
  let cancelDeadline = clock.after(options.startTimeoutMs, onLateStart);
  const setDeadline = (step: StepName): void => {
    cancelDeadline();
    cancelDeadline = clock.after(options.deadlinesMs[step], onDeadline);
  };
  const over = new AbortController();
  let hooksDone: Promise<void> = Promise.resolve();
  let hooksSeconds = 0;
  // A hook has a deadline of its own. The program must not end, and its lock with it, before the hook has.
  const runHooks = async (point: HookPoint): Promise<void> => {
    cancelDeadline();
    const secondsSinceStart = stopwatch(clock);
    try {
      await options.hooks?.run(point, AbortSignal.any([signal, over.signal]));
    } catch (error) {
      if (error instanceof DjinitError || !(signal.aborted || over.signal.aborted))
        onRefused(asDjinitError(error));
      return;
    }
    hooksSeconds += secondsSinceStart();
    setDeadline(progress.step);
    options.observer.onStepStarted(progress.step);
    events.settle();
  };
  const secondsOfStep = (): number => Math.round((secondsSinceLast() - hooksSeconds) * 1000) / 1000;
  const onEvent = (reported: SetupEvent): void => {
    const event: TimedEvent =
      reported.event === "step-finished" ? { ...reported, seconds: secondsOfStep() } : reported;
    if (event.event === "step-finished") hooksSeconds = 0;
    // Output from before the event comes first, under the name of the step of that time.
    for (const { drain } of [stdout, stderr]) drain();
    const { migration } = progress;
    progress.take(event);
    // The import of the settings waits for nobody, and is the start itself.
    if (event.event === "step-started" && event.step !== READ_SETTINGS) {
      setDeadline(event.step);
      events.settle();
    }
    if (event.event === "settings-failed" && isLate)
      failure ??= lateStart(options.startTimeoutMs, event.error);
    if (event.event === "hooks") hooksDone = runHooks(event.point);
    if (event.event === "manifest") options.onManifest(event.facts);
    if (event.event === "settings") options.onSettings(event);
    if (event.event === "migrations") options.onMigrations(event);
    observeEvent(event, options.observer);
    failure ??= takeEvent(event, migration, log);
  };
  const onRefused = (error: DjinitError): void => {
    failure ??= error;
    escalation.begin(KILL_AFTER_MS);
  };
  const events = readEvents(socket, onEvent, onRefused);

  const onAbort = (): void => void hooksDone.then(() => escalation.begin(options.gracePeriodMs));
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  const result = await ended;
  escalation.finish();
  over.abort();
  await hooksDone;
  signal.removeEventListener("abort", onAbort);
  // With a limit: a background process of the project may hold the pipes.
  const relayed = Promise.all([stdout.ended, stderr.ended, events.ended]);
  await within(clock, RELAY_TIMEOUT_MS, relayed);
  cancelDeadline();
  socket.destroy();

  if (signal.aborted && escalation.hasKilled) throw graceExceeded(progress.step, options.gracePeriodMs);
  if (failure?.code === "DJINIT_GRACE_PERIOD_EXCEEDED") throw failure;
  signal.throwIfAborted();
  failure ??= progress.verdict(result, said.lines);
  if (failure !== undefined) throw failure;
}

function askWhere(pid: number | undefined): void {
  if (pid === undefined || !catchesSignal(pid, WHERE_SIGNAL)) return;
  try {
    process.kill(pid, WHERE_SIGNAL);
  } catch {
    // It has just ended.
  }
}

/** `still`: where the project's code was. */
function lateStart(timeoutMs: number, still?: PythonError): DjinitError {
  const { name } = VARIABLES.startupTimeoutMs;
  const where = still === undefined ? "" : `: it is still at ${still.message}`;
  const text = `cannot load the Django settings within ${timeoutMs / 1000} s (${name})${where}`;
  return new DjinitError(
    "DJINIT_SETTINGS_FAILED",
    text,
    still === undefined ? {} : { fields: { error: still } },
  );
}

/** Each call returns the seconds since the one before; the first one, since now. */
function stopwatch(clock: Clock): () => number {
  let lastMs = clock.monotonicMs();
  return () => {
    const beforeMs = lastMs;
    lastMs = clock.monotonicMs();
    return Math.round(lastMs - beforeMs) / 1000;
  };
}

function graceExceeded(step: StepName, gracePeriodMs: number): DjinitError {
  const text = `cannot stop step ${step} within ${gracePeriodMs / 1000} s: killed`;
  return new DjinitError("DJINIT_GRACE_PERIOD_EXCEEDED", text, { fields: { step } });
}
