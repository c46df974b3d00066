import type { Observation, Violation } from "./observation.ts";
import { ownRecords } from "./records.ts";

const LARGEST_GROWTH_BYTES = 8 * 1024 * 1024;

/** With nobody reading stdout PID 1 still answers, and does not pile up what it cannot write. */
export function staysSmallUnderPressure({ fault }: Pick<Observation, "fault">): Violation[] {
  if (fault.stall === undefined) return [];
  const { answered, grewBytes, unansweredAtEnd } = fault.stall;
  const violations: Violation[] = [];
  const invariant = "a stalled reader stops nothing";
  if (!answered)
    violations.push({ invariant, expected: "PID 1 answers its control socket", got: "no answer" });
  if (grewBytes > LARGEST_GROWTH_BYTES) {
    const got = `${Math.round(grewBytes / 1024 / 1024)} MB`;
    violations.push({ invariant, expected: "PID 1 grows by at most 8 MB", got });
  }
  if (unansweredAtEnd === 0)
    violations.push({ invariant, expected: "services wait in their writes", got: "nobody waited" });
  return violations;
}

/** Memory that ran out is told of, once, and PID 1 lived on to tell. */
export function tellsOfMemory(observation: Observation): Violation[] {
  const told = ownRecords(observation).filter(({ msg }) => msg.startsWith("out of memory: "));
  const expected = observation.round.fault.action === "memory" ? 1 : 0;
  if (told.length === expected) return [];
  const got = told.length === 0 ? "none" : told.map(({ msg }) => msg).join("; ");
  return [{ invariant: "running out of memory is told of once", expected: `${expected} records of it`, got }];
}
