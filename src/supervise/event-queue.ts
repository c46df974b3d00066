/**
 * Handles events one at a time, in order. An event that is put while another one is handled waits its turn: `put` then
 * returns at once. Otherwise `put` returns when the queue is empty.
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
      // After a fault, the next event (the stop that the fault causes) also handles the events left in the queue.
      this.#busy = false;
    }
  }
}
