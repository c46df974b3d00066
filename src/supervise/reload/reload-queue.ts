/**
 * Runs one reload at a time. Requests during a reload cause one more after it, since files may have changed after it began.
 * However many requests there are, one more is enough.
 */
export class ReloadQueue {
  readonly #reload: () => Promise<void>;
  #running = false;
  #again = false;

  /** `reload` does not throw. */
  constructor(reload: () => Promise<void>) {
    this.#reload = reload;
  }

  /** Whether this request begins a reload, waits for the running one to end, or joins one that waits already. */
  ask(): "begins" | "waits" | "joins" {
    if (this.#again) return "joins";
    if (this.#running) {
      this.#again = true;
      return "waits";
    }
    this.#running = true;
    void this.#run();
    return "begins";
  }

  async #run(): Promise<void> {
    do {
      this.#again = false;
      await this.#reload();
    } while (this.#again);
    this.#running = false;
  }
}
