// How long a container pauses between two looks at what another one does to the database.
import type { Clock } from "../../base/clock.ts";

const FIRST_MS = 100;
const FACTOR = 1.2;
/** Of a short wait. */
const LONG_MS = 1_000;
/** A pause may make a long wait this much longer, until it is the longest. */
const SHARE_OF_WAIT = 0.05;
/** A look may take this part of the time: where a thousand wait, the server has less to do with them the slower it is. */
const SHARE_OF_LOOK = 0.05;
/** A thousand containers then ask two to three hundred times a second. */
const LONGEST_MS = 5_000;

export interface LookPauses {
  /** How long the last look took, the opening of its session included, is `lookMs`. */
  nextMs(lookMs: number): number;
}

export function lookPauses(clock: Clock): LookPauses {
  const sinceMs = clock.monotonicMs();
  let growingMs = FIRST_MS;
  return {
    nextMs: (lookMs) => {
      const waitedMs = clock.monotonicMs() - sinceMs;
      const mostMs = Math.min(Math.max(waitedMs * SHARE_OF_WAIT, LONG_MS), LONGEST_MS);
      const nextMs = Math.min(growingMs, mostMs);
      growingMs *= FACTOR;
      return Math.min(Math.max(nextMs, lookMs / SHARE_OF_LOOK), LONGEST_MS);
    },
  };
}
