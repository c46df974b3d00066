// Families as text, in the format that the scraper asks for. Loaded at the first scrape.
// Only its printing part: the whole library would cost PID 1 7 MB instead of 0.1.
// @ts-expect-error it has no types of its own
import Parts from "prom-client/lib/registry.js";
import type { Family } from "./family.ts";

interface TextRegistry {
  registerMetric(metric: { name: string; type: string; get(): Family }): void;
  getSingleMetric(name: string): unknown;
  metrics(): Promise<string>;
}

const Registry = Parts as {
  new (contentType: string): TextRegistry;
  PROMETHEUS_CONTENT_TYPE: string;
  OPENMETRICS_CONTENT_TYPE: string;
};

export interface Exposition {
  contentType: string;
  text: string;
}

/** `accept` is the request's header. OpenMetrics if it is named there, else Prometheus' own text format. */
export async function formatFamilies(families: readonly Family[], accept: string): Promise<Exposition> {
  const openMetrics = /application\/openmetrics-text/.test(accept);
  const contentType = openMetrics ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE;
  const registry = new Registry(contentType);
  for (const family of families) {
    // djinit's own family wins: a second one of the same name would make the whole scrape invalid.
    if (registry.getSingleMetric(family.name) !== undefined) continue;
    registry.registerMetric({ ...family, get: () => nameIn(family, openMetrics) });
  }
  return { contentType, text: await registry.metrics() };
}

/** OpenMetrics names a counter's family without `_total`, and prom-client adds that to its values. */
function nameIn(family: Family, openMetrics: boolean): Family {
  if (!openMetrics || family.type !== "counter") return family;
  return { ...family, name: family.name.replace(/_total$/, "") };
}
