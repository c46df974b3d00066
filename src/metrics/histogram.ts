// A histogram. Adding a value costs a few nanoseconds; cumulative counts are made only when the page is asked for.
import type { Labels, Sample } from "./family.ts";

/** Upper bounds in seconds: prom-client's and prometheus_client's own defaults, for requests of the web. */
export const REQUEST_BOUNDS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[] = REQUEST_BOUNDS) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] as number)) at += 1;
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#sum += value;
  }

  samples(name: string, labels: Labels): Sample[] {
    return histogramSamples(name, labels, this.#bounds, this.#counts, this.#sum);
  }
}

/** `counts` has a number for each bound, and one for larger values. They are not cumulative. */
export function histogramSamples(
  name: string,
  labels: Labels,
  bounds: readonly number[],
  counts: ArrayLike<number>,
  sum: number,
): Sample[] {
  const samples: Sample[] = [];
  let total = 0;
  for (const [at, bound] of [...bounds, Number.POSITIVE_INFINITY].entries()) {
    total += counts[at] ?? 0;
    samples.push({
      metricName: `${name}_bucket`,
      labels: { ...labels, le: formatBound(bound) },
      value: total,
    });
  }
  samples.push({ metricName: `${name}_sum`, labels, value: sum });
  samples.push({ metricName: `${name}_count`, labels, value: total });
  return samples;
}

/** OpenMetrics wants bounds as floats, whole numbers too. */
function formatBound(bound: number): string {
  if (bound === Number.POSITIVE_INFINITY) return "+Inf";
  return Number.isInteger(bound) ? bound.toFixed(1) : String(bound);
}
