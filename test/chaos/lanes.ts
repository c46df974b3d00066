// Rounds over several lanes at once: most of a round is waiting.
import { Lane } from "./lane.ts";
import type { Round, SubjectKind } from "./round.ts";
import type { Verdict } from "./verdict.ts";

const PREFERENCES: readonly SubjectKind[] = ["all-in-one", "separate"];

export interface RunOptions {
  lanes: number;
  /** From then on no round is begun. */
  until?: AbortSignal;
}

/** Runs all rounds; tells each verdict as it comes. Rounds of one lane are not in the order given. */
export async function runRounds(
  rounds: readonly Round[],
  { lanes: laneCount, until }: RunOptions,
  onVerdict: (verdict: Verdict) => void,
): Promise<void> {
  const waiting = [...rounds];
  const work = async (preference: SubjectKind): Promise<void> => {
    const lane = new Lane();
    try {
      for (;;) {
        const round = takeNext(waiting, lane.kind ?? preference);
        if (round === undefined || until?.aborted === true) return;
        onVerdict(await lane.run(round));
      }
    } finally {
      await lane.close();
    }
  };
  const lanes = Array.from({ length: Math.min(laneCount, rounds.length) }, (_, at) =>
    work(PREFERENCES[at % PREFERENCES.length] as SubjectKind),
  );
  await Promise.all(lanes);
}

/** The next round for the subject that the lane has, which saves making another; else any. */
export function takeNext(waiting: Round[], kind: SubjectKind): Round | undefined {
  const at = waiting.findIndex(({ subject }) => subject === kind);
  return waiting.splice(at === -1 ? 0 : at, 1)[0];
}
