// Gives back what a burst of log lines has left behind. V8 would keep it for as long as nothing happens.
import type { Clock } from "../base/clock.ts";
import type { Sink } from "../logs/sink.ts";
import { trimHeap } from "../platform/libc.ts";

const PERIOD_MS = 5_000;
/** Fewer characters than this in a period are quiet: nobody waits for the 40 ms that a full collection takes. */
const QUIET_LENGTH = 64 * 1024;
/** Less than this since the last time is not worth a collection. */
const WORTHWHILE_LENGTH = 1024 * 1024;

/** Trims once when the start is over, and then in the first quiet period after each burst. */
export function keepMemorySmall(sink: Pick<Sink, "written" | "trim">, clock: Clock, trim = trimMemory): void {
  let trimmedAt = Number.NEGATIVE_INFINITY;
  let seenAt = sink.written;
  const look = (): void => {
    const now = sink.written;
    if (now - seenAt < QUIET_LENGTH && now - trimmedAt >= WORTHWHILE_LENGTH) {
      trimmedAt = now;
      sink.trim();
      trim();
    }
    seenAt = now;
    clock.after(PERIOD_MS, look);
  };
  clock.after(PERIOD_MS, look);
}

function trimMemory(): void {
  // Only with --expose-gc, which the hand-over gives.
  globalThis.gc?.({ type: "major", flavor: "last-resort", execution: "sync" });
  trimHeap();
}
