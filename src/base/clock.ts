/** Time. It is passed in, so that tests run in virtual time. */
export interface Clock {
  /** Milliseconds of a clock that never jumps, unlike the wall clock. */
  monotonicMs(): number;
  /** Calls back once after `delayMs`. The returned function cancels that. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Calls `isDone` at once, and then every `periodMs`. False if it has not become true within `limitMs`. */
export async function until(
  clock: Clock,
  periodMs: number,
  limitMs: number,
  isDone: () => boolean,
): Promise<boolean> {
  const endMs = clock.monotonicMs() + limitMs;
  while (!isDone()) {
    if (clock.monotonicMs() >= endMs) return false;
    await new Promise<void>((resolve) => clock.after(periodMs, resolve));
  }
  return true;
}

/** Resolves when `promise` does, or after `limitMs`. */
export async function within(clock: Clock, limitMs: number, promise: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(limitMs, resolve);
  await Promise.race([promise, late]);
  cancel();
}

/** Resolves after `delayMs`, or when `woken` does. Errors: the signal's reason, if it is aborted first. */
export async function pause(
  clock: Clock,
  delayMs: number,
  signal: AbortSignal,
  woken?: Promise<void>,
): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  woken?.then(resolve, reject);
  const onAbort = (): void => reject(signal.reason);
  const cancel = clock.after(delayMs, resolve);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await promise;
  } finally {
    cancel();
    signal.removeEventListener("abort", onAbort);
  }
}
