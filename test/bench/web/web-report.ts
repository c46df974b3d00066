import { alignColumns } from "../align-columns.ts";
import { type Comparison, summarizeComparison } from "../comparison.ts";
import { markdownRows, spread, withUnit } from "../report.ts";
import { summarize } from "../statistics.ts";
import { DESIGNS, type DesignName } from "./designs.ts";
import type { Row, Sample } from "./figure.ts";

/** A row of a figure, with the samples of each design, round by round. */
export interface Measured extends Row {
  samples: Partial<Record<DesignName, Sample[]>>;
}

const HEAD = ["figure", "design", "measured", "p50", "p99", "djinit / it", "goal"];

/** For a terminal. */
export function webTable(measured: readonly Measured[]): string {
  return alignColumns([HEAD, ...measured.flatMap(rowsOf)]).join("\n");
}

export function webMarkdown(
  measured: readonly Measured[],
  { rounds, machine }: { rounds: number; machine: string },
): string {
  const told = `Medians (smallest – largest) of ${rounds} rounds in turn; ratios are medians of the rounds' ratios. ${machine}`;
  return [...markdownRows([HEAD, ...measured.flatMap(rowsOf)]), "", told].join("\n");
}

function rowsOf(row: Measured): string[][] {
  const ofDjinit = row.samples.djinit ?? [];
  return (Object.entries(row.samples) as [DesignName, Sample[]][]).map(([design, samples], at) => {
    const note = samples[0]?.note;
    const name = note === undefined ? DESIGNS[design].text : `${DESIGNS[design].text} (${note})`;
    const values = samples.map(({ value }) => value);
    const measured = withUnit(summarize(values), row.unit);
    const compared = design === "djinit" ? ["", ""] : compare(row, design, ofDjinit, values);
    return [
      at === 0 ? row.what : "",
      name,
      measured,
      percentile(samples, "p50Ms"),
      percentile(samples, "p99Ms"),
      ...compared,
    ];
  });
}

function compare(
  row: Measured,
  design: DesignName,
  ofDjinit: readonly Sample[],
  otherSamples: number[],
): string[] {
  const comparison: Comparison = {
    what: row.what,
    unit: row.unit,
    other: design,
    djinitSamples: ofDjinit.map(({ value }) => value),
    otherSamples,
  };
  const summarized = summarizeComparison(comparison);
  const goal = row.goals?.[design];
  const verdict = goal === undefined ? "" : `${goal.isMet(summarized) ? "met" : "MISSED"}: ${goal.text}`;
  // Where the other answers nothing at all, there is no ratio.
  return [Number.isFinite(summarized.ratio.median) ? spread(summarized.ratio, 2) : "", verdict];
}

function percentile(samples: readonly Sample[], field: "p50Ms" | "p99Ms"): string {
  const values = samples.flatMap((sample) => sample[field] ?? []);
  return values.length === 0 ? "" : `${summarize(values).median.toFixed(1)} ms`;
}
