import { alignColumns } from "./align-columns.ts";
import { type Comparison, summarizeComparison } from "./comparison.ts";
import type { Summary } from "./statistics.ts";

const DIGITS: Record<Comparison["unit"], number> = {
  s: 2,
  ms: 1,
  µs: 2,
  MB: 1,
  lines: 0,
  "lines/s": 0,
  "requests/s": 0,
};

const HEAD = ["figure", "djinit", "other", "other design", "djinit / other", "goal"];

/** A table for a terminal. Numbers are medians, with the smallest and the largest in brackets. */
export function tableOf(comparisons: readonly Comparison[]): string {
  return alignColumns([HEAD, ...comparisons.map(rowOf)]).join("\n");
}

/** The same as Markdown. */
export function markdownOf(comparisons: readonly Comparison[], machine: string): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(HEAD),
    line(HEAD.map(() => "---")),
    ...comparisons.map((comparison) => line(rowOf(comparison))),
    "",
    `Medians (smallest – largest) of ${countOf(comparisons)} measurements in turn; ratios are medians of the pairs. ${machine}`,
  ].join("\n");
}

function rowOf(comparison: Comparison): string[] {
  const summarized = summarizeComparison(comparison);
  const { djinit, other, ratio } = summarized;
  const { goal, unit, what } = comparison;
  const verdict = goal === undefined ? "" : `${goal.isMet(summarized) ? "met" : "MISSED"}: ${goal.text}`;
  return [what, withUnit(djinit, unit), withUnit(other, unit), comparison.other, spread(ratio, 2), verdict];
}

function countOf(comparisons: readonly Comparison[]): number {
  return Math.max(...comparisons.map(({ djinitSamples }) => djinitSamples.length));
}

function withUnit(summary: Summary, unit: Comparison["unit"]): string {
  return `${spread(summary, DIGITS[unit])} ${unit}`;
}

function spread({ count, max, median, min }: Summary, digits: number): string {
  const middle = median.toFixed(digits);
  return count === 1 ? middle : `${middle} (${min.toFixed(digits)} – ${max.toFixed(digits)})`;
}
