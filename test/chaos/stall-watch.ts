// How long this process was not let run: by a machine that has too much to do, or that was itself stopped.
const PERIOD_MS = 100;

export class StallWatch {
  #lastMs = performance.now();
  #longestMs = 0;
  readonly #timer = setInterval(() => this.#look(), PERIOD_MS);

  /** Ends it and gives the longest pause, in ms. */
  stop(): number {
    clearInterval(this.#timer);
    this.#look();
    return Math.max(0, Math.round(this.#longestMs - PERIOD_MS));
  }

  #look(): void {
    const nowMs = performance.now();
    this.#longestMs = Math.max(this.#longestMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }
}
