const STOPS = ["SIGTERM", "SIGINT", "SIGQUIT"] as const;

/** Aborts when the container is asked to stop; the reason is the signal's name. `pending` came before. */
export function stopOnSignals(pending: readonly NodeJS.Signals[]): AbortSignal {
  const controller = new AbortController();
  const stop = (name: string): void => controller.abort(name);
  for (const name of STOPS) process.on(name, stop);
  const early = pending.find((name) => (STOPS as readonly string[]).includes(name));
  if (early !== undefined) stop(early);
  return controller.signal;
}
