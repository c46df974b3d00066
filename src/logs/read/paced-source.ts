// Reads a busy pipe every few milliseconds. nginx writes each line by itself, and waking up for a line costs thirty times as much
// as the line.
import type { Clock } from "../../base/clock.ts";
import type { Source } from "../write/sink.ts";

/** How long a busy pipe gathers lines: so long that about this much comes, within these bounds. */
const GATHERED_BYTES = 24 * 1024;
const SHORTEST_REST_MS = 1;
const LONGEST_REST_MS = 5;
/** A pipe is busy if one read follows another within this time. A single line does not wait. */
const SOON_MS = 9;
/** A service that writes this much in one rest could fill the pipe (64 KiB) in the next, and would have to wait. */
const MUCH_BYTES = 32 * 1024;
/** How long such a pipe is then read without rests. */
const WITHOUT_REST_MS = 50;

export class PacedSource implements Source {
  readonly #source: Source;
  readonly #clock: Clock;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #restsFromMs = Number.NEGATIVE_INFINITY;
  #isPaused = false;
  #endRest: (() => void) | undefined;

  constructor(source: Source, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  pause(): void {
    this.#isPaused = true;
    this.#source.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#endRest === undefined) this.#source.resume();
  }

  /** To be called after each read. */
  hasRead(bytes: number): void {
    const nowMs = this.#clock.monotonicMs();
    const sinceMs = nowMs - this.#readAtMs;
    this.#readAtMs = nowMs;
    if (bytes >= MUCH_BYTES) this.#restsFromMs = nowMs + WITHOUT_REST_MS;
    else if (sinceMs < SOON_MS && nowMs >= this.#restsFromMs) this.#rest(restMs(bytes, sinceMs));
  }

  /** The source has ended. */
  end(): void {
    this.#endRest?.();
    this.#endRest = undefined;
  }

  #rest(forMs: number): void {
    if (this.#endRest !== undefined) return;
    this.#source.pause();
    this.#endRest = this.#clock.after(forMs, () => {
      this.#endRest = undefined;
      if (!this.#isPaused) this.#source.resume();
    });
  }
}

/** After so many bytes in so much time. */
function restMs(bytes: number, sinceMs: number): number {
  const wantedMs = Math.floor((GATHERED_BYTES * sinceMs) / bytes);
  return Math.min(LONGEST_REST_MS, Math.max(SHORTEST_REST_MS, wantedMs));
}
