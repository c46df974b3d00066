// Asks the command of a service's health again and again while its process runs.
import type { Clock } from "../../base/clock.ts";
import type { HealthPlan } from "../../plan/plan.ts";

/** Until the first good answer. A command that loads Django costs half a second of a processor. */
const STARTING_PERIOD_MS = 1_000;
/** A busy machine may be late once or twice. Kubernetes and Docker wait for as many. */
export const FAILURES_THAT_COUNT = 3;

export interface HealthWatcher {
  /** The first good answer. */
  onWell: () => void;
  /** Enough bad answers in a row; `why` is the last one's. */
  onIll: (why: string) => void;
  onRecovered: () => void;
}

export class HealthWatch {
  readonly #plan: HealthPlan;
  readonly #clock: Clock;
  /** Undefined: well. Else why not. */
  readonly #question: () => Promise<string | undefined>;
  readonly #watcher: HealthWatcher;
  #failures = 0;
  #why: string | undefined;
  #wasWell = false;
  #cancelled = false;
  #cancelTimer = (): void => {};

  constructor(
    plan: HealthPlan,
    clock: Clock,
    question: () => Promise<string | undefined>,
    watcher: HealthWatcher,
  ) {
    this.#plan = plan;
    this.#clock = clock;
    this.#question = question;
    this.#watcher = watcher;
    void this.#ask();
  }

  /** Why the service has not been well yet. */
  get why(): string | undefined {
    return this.#why;
  }

  /** Why the service is ill: undefined until enough answers in a row have been bad. */
  get ill(): string | undefined {
    return this.#wasWell && this.#failures >= FAILURES_THAT_COUNT ? this.#why : undefined;
  }

  cancel(): void {
    this.#cancelled = true;
    this.#cancelTimer();
  }

  async #ask(): Promise<void> {
    const why = await this.#question();
    if (this.#cancelled) return;
    this.#note(why);
    const periodMs = this.#wasWell ? this.#plan.periodMs : Math.min(STARTING_PERIOD_MS, this.#plan.periodMs);
    this.#cancelTimer = this.#clock.after(periodMs, () => void this.#ask());
  }

  #note(why: string | undefined): void {
    const wasIll = this.ill !== undefined;
    this.#why = why;
    if (why !== undefined) {
      this.#failures += 1;
      if (!wasIll && this.ill !== undefined) this.#watcher.onIll(why);
      return;
    }
    this.#failures = 0;
    if (wasIll) this.#watcher.onRecovered();
    if (this.#wasWell) return;
    this.#wasWell = true;
    this.#watcher.onWell();
  }
}
