/**
 * Runs one reload at a time. Whoever asks while one runs gets another after it, for what has changed since it began;
 * however many ask, it is one.
 */
export class ReloadQueue {
  readonly #reload: () => Promise<void>;
  #running = false;
  #again = false;

  /** `reload` does not throw. */
  constructor(reload: () => Promise<void>) {
    this.#reload = reload;
  }

  /** What becomes of the request: it begins, comes after the one that runs, or is answered by one that waits already. */
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
