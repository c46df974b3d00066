/** npm passes Ctrl-C on although the terminal has already delivered it: the same wish twice within this time is one. */
const SAME_WISH_MS = 1_000;

export interface StopRequests {
  /** Aborted by the first request to stop. */
  first: AbortSignal;
  /** Aborted by a request that comes while stopping is under way: the user is in a hurry. */
  again: AbortSignal;
  /** Gives the signals their usual meaning again. */
  close(): void;
}

/** Turns SIGINT, SIGTERM and SIGHUP into requests to stop. */
export function listenForStop(
  source: NodeJS.EventEmitter = process,
  now: () => number = () => performance.now(),
): StopRequests {
  const first = new AbortController();
  const again = new AbortController();
  let firstMs = 0;
  const onSignal = () => {
    if (!first.signal.aborted) {
      firstMs = now();
      first.abort();
    } else if (now() - firstMs > SAME_WISH_MS) {
      again.abort();
    }
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const name of signals) source.on(name, onSignal);
  return {
    first: first.signal,
    again: again.signal,
    close: () => {
      for (const name of signals) source.off(name, onSignal);
    },
  };
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}
