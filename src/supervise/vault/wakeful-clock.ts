// Leases end while the machine sleeps or a virtual one is paused, and the monotonic clock stands still meanwhile.
import type { Clock } from "../../base/clock.ts";

/** Two clocks that are read one after the other, and one that is slewed, differ by less. */
const JUMP_MS = 1_000;

/** A clock that catches up with what the wall clock has jumped forward by. Never back. */
export function wakefulClock(clock: Clock, wallMs: () => number = Date.now): Clock {
  let sleptMs = 0;
  let aheadMs = wallMs() - clock.monotonicMs();
  return {
    monotonicMs: () => {
      const nowMs = clock.monotonicMs();
      const jumpedMs = wallMs() - nowMs - aheadMs;
      if (Math.abs(jumpedMs) >= JUMP_MS) {
        aheadMs += jumpedMs;
        sleptMs += Math.max(0, jumpedMs);
      }
      return nowMs + sleptMs;
    },
    after: (delayMs, callback) => clock.after(delayMs, callback),
  };
}
