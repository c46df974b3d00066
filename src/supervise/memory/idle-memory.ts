// Frees the memory that a burst of log lines has left behind. An idle V8 would keep it.
import { getHeapStatistics } from "node:v8";
import type { Clock } from "../../base/clock.ts";
import type { Sink } from "../../logs/write/sink.ts";
import { trimHeap } from "../../platform/libc.ts";
import { dropFilePages } from "./file-pages.ts";
import { collectGarbage } from "./garbage.ts";

const PERIOD_MS = 5_000;
/** A period with fewer characters than this is quiet: no line waits while a full collection takes its 40 ms. */
const QUIET_LENGTH = 64 * 1024;
/** Less output than this since the last collection is not worth another one. */
const WORTHWHILE_LENGTH = 1024 * 1024;

/** While the services are loud, garbage is collected by volume of output, at most once in this time. */
const LOUD_PERIOD_MS = 250;
const LOUD_LENGTH = 4 * 1024 * 1024;
/** V8 itself would let the heap grow by 8 MB before it collects; a heap of this size takes 7 ms. */
const MOST_HEAP_BYTES = 6_500_000;

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

/** Collects garbage while no period is quiet. */
export function keepHeapSmall(
  sink: Pick<Sink, "written">,
  clock: Clock,
  collect = collectIfWorthwhile,
): void {
  let lookedAt = sink.written;
  const look = (): void => {
    if (sink.written - lookedAt >= LOUD_LENGTH) {
      lookedAt = sink.written;
      collect();
    }
    clock.after(LOUD_PERIOD_MS, look);
  };
  clock.after(LOUD_PERIOD_MS, look);
}

function collectIfWorthwhile(): void {
  if (getHeapStatistics().used_heap_size > MOST_HEAP_BYTES) collectGarbage("usual");
}

function trimMemory(): void {
  collectGarbage("last-resort");
  trimHeap();
  dropFilePages();
}
