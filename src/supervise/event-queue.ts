/**
 * Handles events one at a time, in order. What handling one causes is handled after it, not inside it: `put` returns at
 * once then, and else when nothing is left.
 */
export class EventQueue<Event> {
  readonly #handle: (event: Event) => void;
  readonly #waiting: Event[] = [];
  #busy = false;

  constructor(handle: (event: Event) => void) {
    this.#handle = handle;
  }

  put(event: Event): void {
    this.#waiting.push(event);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
        this.#handle(next);
    } finally {
      // After a fault the next event takes along what waits: the stop that the fault leads to.
      this.#busy = false;
    }
  }
}
