import { EXIT_STATUS } from "../../src/base/exit-status.ts";
import { MISTYPED, SERVERS } from "./fault-second.ts";
import type { Observation, SecondRun, Violation } from "./observation.ts";

/** Words that nobody understands. */
const USAGE = 2;
/** It says that this is not the way to do it, and what is. */
const REFUSALS: readonly number[] = [1, USAGE, EXIT_STATUS.badConfiguration];

/** A second djinit does its work or refuses, and takes nothing from the first. */
export function secondIsHarmless({ fault }: Pick<Observation, "fault">): Violation[] {
  return (fault.seconds ?? []).flatMap((run) => [...judgeEnd(run), ...judgeTraces(run)]);
}

function judgeEnd(run: SecondRun): Violation[] {
  const { status, said } = run;
  const allowed = allowedOf(run);
  const isExplained = said.trim() !== "";
  if (status !== undefined && allowed.includes(status) && (status === EXIT_STATUS.ok || isExplained))
    return [];
  const expected = `${nameOf(run)} ends with ${allowed.join(" or ")}, and says why where that is not 0`;
  const got = `${status === undefined ? "no end" : `status ${status}`}: ${said.slice(-500)}`;
  return [{ invariant: "a second djinit works or refuses", expected, got }];
}

function allowedOf({ words }: SecondRun): readonly number[] {
  const isOneOf = (list: readonly (readonly string[])[]): boolean =>
    list.some((it) => it.join(" ") === words.join(" "));
  if (isOneOf(MISTYPED)) return [USAGE];
  return isOneOf(SERVERS) ? REFUSALS : [EXIT_STATUS.ok, ...REFUSALS];
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
