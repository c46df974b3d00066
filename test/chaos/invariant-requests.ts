import { excusesOf, isExcused } from "./excuses.ts";
import type { RequestOutcome } from "./load.ts";
import type { Observation, Violation } from "./observation.ts";

/** Every request that was accepted is answered as it should be, but for those that the fault excuses. */
export function requestsAnswered(observation: Observation): Violation[] {
  const excuses = excusesOf(observation);
  return observation.requests
    .filter((request) => !isGood(request) && !isExcused(request, excuses))
    .map((request) => ({
      invariant: "every accepted request is answered",
      expected: `${expectedOf(request)} for request ${request.n} (${request.kind})`,
      got: describe(request, observation),
    }));
}

function isGood({ outcome, kind }: RequestOutcome): boolean {
  // Asked once more, on another connection: that one has an outcome of its own.
  if (outcome === "idle-closed") return true;
  return outcome === expectedOf({ kind });
}

function expectedOf({ kind }: Pick<RequestOutcome, "kind">): number {
  if (kind === "allocate") return 502;
  return kind === "queue" ? 202 : 200;
}

function describe(
  { outcome, error, startMs, endMs, reused }: RequestOutcome,
  { fault }: Observation,
): string {
  const from = Math.round(startMs - fault.fromMs);
  const connection = reused ? "a used" : "a new";
  return `${outcome}${error === undefined ? "" : ` (${error})`}, from ${from} ms to ${Math.round(endMs - fault.fromMs)} ms after the fault, on ${connection} connection`;
}
