// Credentials that have been replaced, until every service has the new ones: the old ones end.
import type { Clock } from "../../base/clock.ts";

/** A reload that was refused is asked for again. Less often each time, since other services notice. */
const REMIND_MS = 30_000;
const LONGEST_REMIND_MS = 300_000;

export class Rotation {
  readonly #clock: Clock;
  readonly #reload: () => void;
  /** How often credentials have been replaced; which of these a reload was handed last, and which all services have. */
  #replaced = 0;
  #handedOut = 0;
  #taken = 0;
  #isUntried = false;
  #reminders = 0;
  #cancel = (): void => {};

  constructor(clock: Clock, reload: () => void) {
    this.#clock = clock;
    this.#reload = reload;
  }

  /** Whether some service may still have credentials that have been replaced. */
  get isOpen(): boolean {
    return this.#taken < this.#replaced;
  }

  /** Whether no reload has ended, or got the new values, since credentials were replaced last. */
  get isUntried(): boolean {
    return this.#isUntried;
  }

  begin(): void {
    this.#replaced += 1;
    this.#isUntried = true;
    this.#reminders = 0;
    this.#apply();
  }

  /** A reload has got the new values, and is going to say what came of it. */
  handOut(): void {
    this.#handedOut = this.#replaced;
    this.#isUntried = false;
    this.#cancel();
  }

  settle(isTaken: boolean): void {
    this.#isUntried = false;
    if (isTaken) this.#taken = this.#handedOut;
    else if (this.isOpen) this.#remind();
  }

  close(): void {
    this.#taken = this.#replaced;
    this.#cancel();
  }

  #apply(): void {
    this.#remind();
    this.#reload();
  }

  #remind(): void {
    this.#cancel();
    const afterMs = Math.min(LONGEST_REMIND_MS, REMIND_MS * 2 ** this.#reminders);
    this.#cancel = this.#clock.after(afterMs, () => {
      this.#reminders += 1;
      if (this.isOpen) this.#apply();
    });
  }
}
