import type { Comparison, Goal } from "../comparison.ts";
import type { WebStart } from "../web-container.ts";
import type { Deployment, DesignName } from "./designs.ts";

export interface Sample {
  value: number;
  p50Ms?: number;
  p99Ms?: number;
  /** What was served, where that differs between the designs. */
  note?: string;
}

export interface Row {
  what: string;
  unit: Comparison["unit"];
  goals?: Partial<Record<DesignName, Goal>>;
}

export interface WebFigure {
  /** Each measurement gives one sample of each. */
  rows: readonly Row[];
  designs: readonly DesignName[];
  deployment: Deployment;
  /** A container of its own for each measurement, and none of another design beside it. Else one for all figures of a round. */
  isAlone?: boolean;
  measure: (start: WebStart, seconds: number) => Promise<readonly Sample[]>;
}
