// The families of a scrape, in the shape that prom-client prints.
import { METRICS, type MetricName, type MetricType } from "./catalogue.ts";

export type Labels = Record<string, string>;

export interface Sample {
  labels?: Labels;
  value: number;
  /** `…_bucket`, `…_sum`, `…_count`; the family's own name where it is absent. */
  metricName?: string;
}

export interface Family {
  name: string;
  help: string;
  type: MetricType;
  values: Sample[];
}

/** A family of the catalogue. */
export function family(name: MetricName, values: Sample[]): Family {
  const { help, type } = METRICS[name];
  return { name, help, type, values };
}

/** A family with one value and no labels. Empty if the value is not known. */
export function single(name: MetricName, value: number | boolean | undefined): Family[] {
  return value === undefined ? [] : [family(name, [{ value: Number(value) }])];
}
