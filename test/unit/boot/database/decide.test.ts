import { expect, test } from "vitest";
import { type Decision, decide, type Turn } from "../../../../src/boot/database/decide.ts";
import type { DatabaseState } from "../../../../src/boot/schema/read.ts";
import type { StepName } from "../../../../src/plan/plan.ts";

const state = (more: Partial<DatabaseState> = {}): DatabaseState => ({
  applied: [],
  pending: [],
  unknown: [],
  ahead: [],
  seemsInconsistent: false,
  superuser: undefined,
  ownMigrateIsDue: false,
  ...more,
});
const DONE = state();
const PENDING = state({ pending: ["cakes.0001"] });
const FIRST: Turn = { isLedByOther: false, isLate: false };
const LED: Turn = { isLedByOther: true, isLate: false };
const LATE: Turn = { isLedByOther: false, isLate: true };
const TOO_LATE: Turn = { isLedByOther: true, isLate: true };
const MIGRATE: StepName[] = ["migrate", "collectstatic"];
const WITH_SUPERUSER: StepName[] = ["migrate", "superuser"];
const WAITS: StepName[] = ["wait-for-migrations"];

test.each<[string, StepName[], DatabaseState | undefined, Turn, Decision]>([
  ["nothing pending", MIGRATE, DONE, FIRST, { kind: "settled", left: ["collectstatic"] }],
  [
    "nothing pending, though it is late",
    MIGRATE,
    DONE,
    TOO_LATE,
    { kind: "settled", left: ["collectstatic"] },
  ],
  [
    "the project's own migrate has not run with this image",
    MIGRATE,
    state({ ownMigrateIsDue: true }),
    FIRST,
    { kind: "lead", left: MIGRATE },
  ],
  [
    "the same, where another container migrates",
    MIGRATE,
    state({ ownMigrateIsDue: true }),
    LED,
    { kind: "wait", for: "leader" },
  ],
  [
    "it is no affair of one that waits for the schema",
    WAITS,
    state({ ownMigrateIsDue: true }),
    FIRST,
    { kind: "settled", left: [] },
  ],
  ["nothing pending to wait for", WAITS, DONE, FIRST, { kind: "settled", left: [] }],
  ["nothing pending to check", ["check-migrations"], DONE, FIRST, { kind: "settled", left: [] }],
  [
    "a superuser that is there",
    WITH_SUPERUSER,
    state({ superuser: "cook" }),
    FIRST,
    { kind: "settled", left: [] },
  ],
  ["a superuser that may be missing", WITH_SUPERUSER, DONE, FIRST, { kind: "lead", left: ["superuser"] }],
  ["pending", MIGRATE, PENDING, FIRST, { kind: "lead", left: MIGRATE }],
  ["pending, late, but nobody leads", MIGRATE, PENDING, LATE, { kind: "lead", left: MIGRATE }],
  ["pending, and another leads", MIGRATE, PENDING, LED, { kind: "wait", for: "leader" }],
  ["pending, and another has led too long", MIGRATE, PENDING, TOO_LATE, { kind: "behind", isLate: true }],
  ["another works still", MIGRATE, undefined, LED, { kind: "wait", for: "leader" }],
  ["pending, for others to apply", WAITS, PENDING, FIRST, { kind: "wait", for: "schema" }],
  ["pending for too long", WAITS, PENDING, LATE, { kind: "behind", isLate: true }],
  ["pending, which may not be", ["check-migrations"], PENDING, FIRST, { kind: "behind", isLate: false }],
  [
    "a history that contradicts itself",
    MIGRATE,
    state({ pending: ["cakes.0001"], seemsInconsistent: true }),
    FIRST,
    { kind: "ask-django", left: MIGRATE },
  ],
])("%s", (_, steps, seen, turn, decision) => {
  expect(decide(steps, seen, turn)).toEqual(decision);
});
