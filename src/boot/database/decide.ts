// What a container does about a schema, by what the database says. Pure.
import type { StepName } from "../../plan/plan.ts";
import type { DatabaseState } from "../schema/read.ts";

export type Decision =
  /** Nothing has to be changed; `left` is what is not about the database. */
  | { kind: "settled"; left: StepName[] }
  /** Django judges a history that contradicts itself. */
  | { kind: "ask-django"; left: StepName[] }
  /** This container may not change it, or has waited for too long. */
  | { kind: "behind"; isLate: boolean }
  /** This container does it, if it gets the lock. */
  | { kind: "lead"; left: StepName[] }
  | { kind: "wait"; for: "leader" | "schema" };

export interface Turn {
  /** Another container has the lock. */
  isLedByOther: boolean;
  /** DJINIT_MIGRATE_TIMEOUT is over. */
  isLate: boolean;
}

/** `state` is undefined while another container works: it is done when it has let the lock go, not with its last migration. */
export function decide(steps: readonly StepName[], state: DatabaseState | undefined, turn: Turn): Decision {
  if (state === undefined) return { kind: "wait", for: "leader" };
  if (state.seemsInconsistent) return { kind: "ask-django", left: [...steps] };
  const left = stepsLeft(steps, state);
  if (!left.some(changesDatabase)) return { kind: "settled", left };
  if (left.includes("check-migrations")) return { kind: "behind", isLate: false };
  const mayLead = !left.includes("wait-for-migrations");
  if (mayLead && !turn.isLedByOther) return { kind: "lead", left };
  if (turn.isLate) return { kind: "behind", isLate: true };
  return { kind: "wait", for: mayLead ? "leader" : "schema" };
}

/** What the database does not show to be done. */
export function stepsLeft(steps: readonly StepName[], state: DatabaseState): StepName[] {
  return steps.filter((step) => {
    if (step === "superuser") return state.superuser === undefined;
    return changesDatabase(step) ? state.pending.length > 0 : true;
  });
}

/** Whether a step is about what is in the database. */
export function changesDatabase(step: StepName): boolean {
  return ["migrate", "wait-for-migrations", "check-migrations", "superuser"].includes(step);
}
