/**
 * Catches TERM, INT, QUIT and HUP before anything else is loaded: PID 1 has no default action for them, so without a
 * handler they would be lost. Returns the growing list of what came; later handlers are added beside this one.
 */
export function holdSignals(): NodeJS.Signals[] {
  const held: NodeJS.Signals[] = [];
  for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP"] as const)
    process.on(signal, () => held.push(signal));
  return held;
}
