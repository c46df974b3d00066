import { stat } from "node:fs";
import { blockSignals, resetSignal, unblockSignals } from "./libc.ts";

/** The image's wrapper blocks these from the start of the container. USR1 stays blocked until it has a handler. */
const SIGNALS = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR2", "SIGTTIN", "SIGTTOU"] as const;

/** A signal that is ignored stays ignored in the next program. */
const IGNORED_BY_NODE = ["SIGPIPE", "SIGXFSZ"] as const;

/**
 * For a process that will leave signals pending: makes libuv start its threads while signals are blocked, so that the threads
 * block them, too. Threads started later, for instance to look up a host, would receive the signals that the main thread
 * blocks, and those signals would be lost with this program.
 */
export function makeThreadsWithoutSignals(): void {
  // Any request to the pool starts all of its threads.
  stat("/", () => {});
}

/**
 * Catches signals before anything else is loaded. Without a handler, PID 1 would lose them, and any other process (under the
 * engine's own init) would end or freeze. Returns the list of signals so far, which grows. Later handlers are added beside
 * this one.
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
 * From now on, signals stay pending for the next program of this process. Resolves when the handlers of all earlier signals
 * have run.
 */
export async function leaveSignalsPending(): Promise<void> {
  blockSignals(SIGNALS);
  // libuv passes a signal on through a pipe, which is read in the next turn.
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** For a process that becomes another program: no signal is blocked or ignored any more. Node ignores some. */
export function leaveSignalsToNextProgram(): void {
  unblockSignals([...SIGNALS, "SIGUSR1"]);
  for (const signal of IGNORED_BY_NODE) resetSignal(signal);
}
