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
  MiB: 1,
  "of it": 2,
};

const HEAD = ["figure", "djinit", "other", "other design", "djinit / other", "goal"];

/** A table for a terminal. Numbers are medians, with the smallest and the largest in brackets. */
export function tableOf(comparisons: readonly Comparison[]): string {
  return alignColumns([HEAD, ...comparisons.map(rowOf)]).join("\n");
}

/** The same as Markdown. */
export function markdownOf(comparisons: readonly Comparison[], machine: string): string {
  return [
    ...markdownRows([HEAD, ...comparisons.map(rowOf)]),
    "",
    `Medians (smallest – largest) of ${countOf(comparisons)} measurements in turn; ratios are medians of the pairs. ${machine}`,
  ].join("\n");
}

/** The first row is the table's head. */
export function markdownRows(rows: readonly (readonly string[])[]): string[] {
  const [head = "", ...lines] = rows.map((cells) => `| ${cells.join(" | ")} |`);
  return [head, `|${" --- |".repeat(rows[0]?.length ?? 0)}`, ...lines];
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

export function withUnit(summary: Summary, unit: Comparison["unit"]): string {
  return `${spread(summary, DIGITS[unit])} ${unit}`;
}

export function spread({ count, max, median, min }: Summary, digits: number): string {
  const middle = median.toFixed(digits);
  return count === 1 ? middle : `${middle} (${min.toFixed(digits)} – ${max.toFixed(digits)})`;
}
