/** npm passes Ctrl-C on although the terminal has delivered it already: two within this time are one request. */
const SAME_WISH_MS = 1_000;

export interface StopRequests {
  /** Aborted by the first request to stop. */
  first: AbortSignal;
  /** Aborted by a second request, while the containers are being stopped: the user is in a hurry. */
  again: AbortSignal;
  /** Restores the usual meaning of the signals. */
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
