// How far the Django half has come, from its reports, and which error an end at that point stands for.
import { DjinitError } from "../../base/errors.ts";
import type { StepName } from "../../plan/plan.ts";
import { type ChildEnd, sayEnd, startFailure } from "../child-end.ts";
import type { SetupEvent } from "./event-schemas.ts";
import { codeOf } from "./failure.ts";

export class SetupProgress {
  /** The running step; before the first report, the first step. */
  step: StepName;
  /** The migration that is being applied. */
  migration: string | undefined;
  /** What the step has last said that it waits for. */
  waiting: string | undefined;
  readonly #left: Set<StepName>;
  #programHasStarted = false;
  #djangoHasStarted = false;
  #hasFinished = false;

  constructor(steps: readonly StepName[]) {
    this.step = steps[0] as StepName;
    this.#left = new Set(steps);
  }

  take(event: SetupEvent): void {
    switch (event.event) {
      case "program-started":
        this.#programHasStarted = true;
        break;
      case "django-started":
        this.#djangoHasStarted = true;
        break;
      case "step-started":
        this.step = event.step;
        this.waiting = undefined;
        break;
      case "waiting":
        this.waiting = `database ${event.database}: ${event.cause}`;
        break;
      case "step-finished":
        this.#left.delete(event.step);
        break;
      case "migrating":
        this.migration = event.migration;
        break;
      case "migrated":
        // A failure between two migrations, such as in a receiver of post_migrate, is the fault of neither.
        this.migration = undefined;
        break;
      case "finished":
        this.#hasFinished = true;
        break;
      default:
    }
  }

  /** The error that this end stands for; undefined if every step has reported its end. `lines` are its last lines. */
  verdict(end: ChildEnd, lines: readonly string[]): DjinitError | undefined {
    const { step, migration } = this;
    const fields = { step, ...(migration === undefined ? {} : { migration }), lines };
    const cannotStart = this.#programHasStarted ? undefined : startFailure("python", end, lines);
    if (cannotStart !== undefined) return cannotStart;
    if (end.signal !== null) {
      const text = `cannot ${this.#doing()}: its process was killed by ${end.signal}`;
      return new DjinitError("DJINIT_STEP_KILLED", text, { fields: { ...fields, signal: end.signal } });
    }
    if (!this.#programHasStarted) {
      const cause = lines.at(-1) ?? `its process ${sayEnd(end)}`;
      return new DjinitError("DJINIT_SPAWN_FAILED", `cannot start python: ${cause}`, { fields });
    }
    const isDone = this.#hasFinished && this.#left.size === 0;
    if (isDone && end.status === 0) return undefined;
    const when = isDone ? "" : " before it was done";
    const code = this.#djangoHasStarted ? codeOf(step, migration) : "DJINIT_SETTINGS_FAILED";
    return new DjinitError(code, `cannot ${this.#doing()}: its process ${sayEnd(end)}${when}`, { fields });
  }

  #doing(): string {
    if (!this.#djangoHasStarted) return "load the Django settings";
    return this.migration === undefined ? `finish step ${this.step}` : `apply migration ${this.migration}`;
  }
}
