// Whether a service that died is started again, and after how long. Pure.

export interface RestartPolicy {
  /** `on-failure`: an exit status of 0 is the end. */
  restart: "no" | "on-failure" | "always";
  /** Restarts allowed within the window; and failed starts in a row that are followed by another. */
  maxRestarts: number;
  /** Exit statuses that trying again will not change, as long as the service has never been ready. */
  fatalStatuses: readonly number[];
}

/** Window in which restarts are counted. */
export const RESTART_WINDOW_MS = 60_000;
/** Ready for this long, a service has proved itself: its failures are forgotten. */
export const STABLE_AFTER_MS = 60_000;

const BACKOFF_INITIAL_MS = 200;
const BACKOFF_FACTOR = 2;
const BACKOFF_LIMIT_MS = 10_000;
/** Part of the delay that chance decides, so that replicas do not fall in step. */
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
