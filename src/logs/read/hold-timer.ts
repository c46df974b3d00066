import type { Clock } from "../../base/clock.ts";

/** However slowly a traceback comes, it is passed on after this time. */
const LONGEST_MS = 10_000;

/** Ends the wait for the rest of what is held back. */
export class HoldTimer {
  readonly #clock: Clock;
  readonly #flush: () => void;
  #cancel: (() => void) | undefined;
  #sinceMs = 0;
  #dueMs = 0;
  #progress = 0;

  constructor(clock: Clock, flush: () => void) {
    this.#clock = clock;
    this.#flush = flush;
  }

  /**
   * Something is held back for `ms`, or nothing if that is 0. The wait begins anew only if there has been progress: other
   * lines that come meanwhile do not make it longer.
   */
  set(ms: number, progress: number): void {
    if (ms === 0) {
      if (this.#cancel !== undefined) this.cancel();
      return;
    }
    const nowMs = this.#clock.monotonicMs();
    if (this.#cancel === undefined) this.#sinceMs = nowMs;
    const isNew = this.#cancel === undefined || progress !== this.#progress;
    const dueMs = isNew
      ? Math.min(nowMs + ms, this.#sinceMs + LONGEST_MS)
      : Math.min(this.#dueMs, nowMs + ms);
    this.#progress = progress;
    this.cancel();
    this.#dueMs = dueMs;
    this.#cancel = this.#clock.after(Math.max(0, dueMs - nowMs), () => {
      this.#cancel = undefined;
      this.#flush();
    });
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
