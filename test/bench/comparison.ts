import { pairRatios, type Summary, summarize } from "./statistics.ts";

/** The same thing measured of djinit and of another design, in turn. */
export interface Comparison {
  what: string;
  unit: "s" | "ms" | "µs" | "MB" | "lines" | "lines/s" | "requests/s" | "MiB" | "of it";
  /** The other design's name. */
  other: string;
  djinitSamples: number[];
  otherSamples: number[];
  goal?: Goal;
}

export interface Goal {
  text: string;
  isMet: (comparison: Summarized) => boolean;
}

export interface Summarized {
  djinit: Summary;
  other: Summary;
  /** djinit through the other, pair by pair. */
  ratio: Summary;
}

export function summarizeComparison({ djinitSamples, otherSamples }: Comparison): Summarized {
  return {
    djinit: summarize(djinitSamples),
    other: summarize(otherSamples),
    ratio: summarize(pairRatios(djinitSamples, otherSamples)),
  };
}
