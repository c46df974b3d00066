// What a container does about the schema, given the state of the database. Pure.
import type { StepName } from "../../plan/plan.ts";
import type { DatabaseState } from "../schema/read.ts";

export type Decision =
  /** Nothing has to be changed. `left` are the steps that do not concern the database. */
  | { kind: "settled"; left: StepName[] }
  /** The history contradicts itself. Django judges it. */
  | { kind: "ask-django"; left: StepName[] }
  /** This container may not change the schema, or has waited too long. */
  | { kind: "behind"; isLate: boolean }
  /** This container does the steps, if it gets the lock. */
  | { kind: "lead"; left: StepName[] }
  | { kind: "wait"; for: "leader" | "schema" };

export interface Turn {
  /** Another container has the lock. */
  isLedByOther: boolean;
  /** DJINIT_MIGRATE_TIMEOUT is over. */
  isLate: boolean;
}

/** `state` is undefined while another container holds the lock: its last migration is not yet the end of its work. */
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

/** The steps that the database does not show as done. */
export function stepsLeft(steps: readonly StepName[], state: DatabaseState): StepName[] {
  return steps.filter((step) => {
    if (step === "superuser") return state.superuser === undefined;
    if (step === "migrate" && state.ownMigrateIsDue) return true;
    return changesDatabase(step) ? state.pending.length > 0 : true;
  });
}

/** Whether a step concerns the contents of the database. */
export function changesDatabase(step: StepName): boolean {
  return ["migrate", "wait-for-migrations", "check-migrations", "superuser"].includes(step);
}
