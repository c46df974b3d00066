import { EXIT_STATUS } from "../../src/base/exit-status.ts";
import { MISTYPED } from "./fault-second.ts";
import type { Observation, SecondRun, Violation } from "./observation.ts";

/** Words that nobody understands. */
const USAGE = 2;
/** It may say that this is not the way to do it, and what is. */
const REFUSALS: readonly number[] = [USAGE, EXIT_STATUS.badConfiguration];

/** A second djinit does its work or refuses, and takes nothing from the first. */
export function secondIsHarmless({ fault }: Pick<Observation, "fault">): Violation[] {
  return (fault.seconds ?? []).flatMap((run) => [...judgeEnd(run), ...judgeTraces(run)]);
}

function judgeEnd(run: SecondRun): Violation[] {
  const { words, status, said } = run;
  const isMistyped = MISTYPED.some((it) => it.join(" ") === words.join(" "));
  const isExplained = said.trim() !== "";
  const isGood = isMistyped
    ? status === USAGE && isExplained
    : status === EXIT_STATUS.ok || (status !== undefined && REFUSALS.includes(status) && isExplained);
  if (isGood) return [];
  const expected = isMistyped
    ? `${nameOf(run)} ends with ${USAGE} and says how it is used`
    : `${nameOf(run)} ends with 0, or with ${REFUSALS.join(" or ")} and says why`;
  const got = `${status === undefined ? "no end" : `status ${status}`}: ${said.slice(-500)}`;
  return [{ invariant: "a second djinit works or refuses", expected, got }];
}

function judgeTraces(run: SecondRun): Violation[] {
  if (run.changed.length === 0) return [];
  const expected = `${nameOf(run)} leaves all that the first has under /run`;
  return [
    {
      invariant: "a second djinit takes nothing from the first",
      expected,
      got: `gone or replaced: ${run.changed.join(", ")}`,
    },
  ];
}

function nameOf({ words, user }: SecondRun): string {
  return `djinit ${words.join(" ")} as ${user}`;
}
