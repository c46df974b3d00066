import { stat } from "node:fs";
import { blockSignals, resetSignal, unblockSignals } from "./libc.ts";

/** Blocked from the start of the container by the image's wrapper. USR1 stays so until somebody has use for it. */
const SIGNALS = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR2", "SIGTTIN", "SIGTTOU"] as const;

/** An ignored signal stays so in the next program. */
const IGNORED_BY_NODE = ["SIGPIPE", "SIGXFSZ"] as const;

/**
 * For a process that will leave signals pending: has libuv make its threads while signals are blocked, so that they stay
 * blocked there. Made later, for instance to look up a host, they would be given the signals that the main thread has
 * blocked, and what their handlers note dies with this program.
 */
export function makeThreadsWithoutSignals(): void {
  // Any request to the pool makes all of its threads.
  stat("/", () => {});
}

/**
 * Catches signals before anything else is loaded. Without a handler PID 1 would lose them, and any other process (under
 * an init of the engine's) would end of them or freeze. Returns the growing list of what came; later handlers are added
 * beside this one.
 */
export function holdSignals(): NodeJS.Signals[] {
  const held: NodeJS.Signals[] = [];
  for (const signal of SIGNALS) process.on(signal, () => held.push(signal));
  letSignalsIn();
  return held;
}

/** For a process that is content with the default actions. */
export function letSignalsIn(): void {
  unblockSignals(SIGNALS);
}

/**
 * From now on signals wait for the next program of this process. Resolves when the handlers have run for all that came
 * before.
 */
export async function leaveSignalsPending(): Promise<void> {
  blockSignals(SIGNALS);
  // libuv hands a signal on through a pipe, which is read in the next turn.
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** For a process that becomes a program which knows nothing of this: none is blocked, and none ignored, as Node does. */
export function leaveSignalsToNextProgram(): void {
  unblockSignals([...SIGNALS, "SIGUSR1"]);
  for (const signal of IGNORED_BY_NODE) resetSignal(signal);
}
