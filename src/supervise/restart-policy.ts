// Whether and when a service that died is started again. Pure.

export interface RestartPolicy {
  /** `on-failure`: the service is not started again after an exit status of 0. */
  restart: "no" | "on-failure" | "always";
  /** The most restarts within the window, and the most failed starts in a row that are tried again. */
  maxRestarts: number;
  /** Exit statuses that end the container if the service has never been ready: trying again would not help. */
  fatalStatuses: readonly number[];
}

/** The window in which restarts are counted. */
export const RESTART_WINDOW_MS = 60_000;
/** A service that has been ready for this long is stable: its failures are forgotten. */
export const STABLE_AFTER_MS = 60_000;

const BACKOFF_INITIAL_MS = 200;
const BACKOFF_FACTOR = 2;
const BACKOFF_LIMIT_MS = 10_000;
/** The random part of the delay, so that replicas do not restart in step. */
const BACKOFF_JITTER = 0.2;

/** Delay before restart number `attempt` (from 0), in ms. `random` is from 0 to 1. */
export function backoffMs(attempt: number, random: number): number {
  const delay = Math.min(BACKOFF_INITIAL_MS * BACKOFF_FACTOR ** attempt, BACKOFF_LIMIT_MS);
  return Math.round(delay * (1 - BACKOFF_JITTER * random));
}

/** The restarts of `times` that still count at `nowMs`. */
export function recentRestarts(times: readonly number[], nowMs: number): number[] {
  return times.filter((at) => nowMs - at < RESTART_WINDOW_MS);
}

/** Too many deaths in a short time, or too many failed starts in a row. */
export function isTooMuch(
  { restartsMs, failedStarts }: { restartsMs: readonly number[]; failedStarts: number },
  { maxRestarts }: RestartPolicy,
): boolean {
  return restartsMs.length >= maxRestarts || failedStarts > maxRestarts;
}
