import type { Observation, Violation } from "./observation.ts";
import type { Round } from "./round.ts";

/** What came of a round. */
export interface Verdict {
  round: Round;
  violations: Violation[];
  tookMs: number;
  /** Undefined where the round itself could not be finished. */
  observation?: Observation;
  /** What the containers had said when it could not. */
  logTail?: string;
}
