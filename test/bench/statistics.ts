export interface Summary {
  median: number;
  min: number;
  max: number;
  count: number;
}

/** Errors: throws when there is no sample. */
export function summarize(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) throw new Error("cannot summarize: there is no sample");
  return { median: medianOfSorted(sorted), min, max, count: sorted.length };
}

/**
 * The ratio within each pair. A machine that becomes slower or faster during a run changes both samples of a pair, so
 * that their ratio says more than that of two medians.
 */
export function pairRatios(a: readonly number[], b: readonly number[]): number[] {
  return a.slice(0, b.length).map((value, index) => value / (b[index] as number));
}

function medianOfSorted(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] as number;
  return Number.isInteger(middle) ? ((sorted[middle - 1] as number) + upper) / 2 : upper;
}
