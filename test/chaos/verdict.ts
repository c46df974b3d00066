import type { MemberLog, Observation, Violation } from "./observation.ts";
import type { Round } from "./round.ts";

/** What came of a round. */
export interface Verdict {
  round: Round;
  violations: Violation[];
  tookMs: number;
  /** Undefined where the round itself could not be finished. */
  observation?: Observation;
  /** What the containers had said; also where there is no observation. */
  logs: MemberLog[];
  /** The longest time for which this machine did not let the suite run: it tells a slow subject from a slow machine. */
  stalledMs: number;
  /** Of the machine at its end: processes that would run, on average of the last minute, for each processor. */
  loadPerProcessor: number;
  /** What was not counted, since it is celery's own. */
  excused: string[];
  /** Had violations too, while the machine stood still: not judged, but done once more. */
  firstTry?: Verdict;
}
