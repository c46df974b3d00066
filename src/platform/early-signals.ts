/** Node itself keeps USR1 back until somebody unblocks it. */
const SIGNALS = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR2", "SIGTTIN", "SIGTTOU"] as const;

/**
 * Catches signals before anything else is loaded. Without a handler PID 1 would lose them, and any other process (under
 * an init of the engine's) would end of them or freeze. Returns the growing list of what came; later handlers are added
 * beside this one.
 */
export function holdSignals(): NodeJS.Signals[] {
  const held: NodeJS.Signals[] = [];
  for (const signal of SIGNALS) process.on(signal, () => held.push(signal));
  return held;
}
