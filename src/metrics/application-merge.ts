// Several processes' metrics as one, by the rules of prometheus_client's multiprocess mode. Pure.
import type { MetricType } from "./catalogue.ts";
import type { Family, Labels, Sample } from "./family.ts";
import type { Entry } from "./prometheus-file.ts";

/** The parts of a file's name: `counter_17.db`, `gauge_livesum_17.db`. */
export interface FileKind {
  type: MetricType;
  /** Of gauges: all, liveall, sum, livesum, max, livemax, min, livemin, mostrecent, livemostrecent. */
  mode: string;
  pid: string;
}

export function readFileName(name: string): FileKind | undefined {
  const match = /^(counter|gauge|histogram|summary)(?:_([a-z]+))?_(\d+)\.db$/.exec(name);
  if (match === null) return undefined;
  const [, type, mode = "", pid = ""] = match;
  return { type: type as MetricType, mode: mode.replace(/^live/, ""), pid };
}

interface Merged {
  value: number;
  timestamp: number;
}

export class ApplicationMerge {
  /** The values to merge, by the file's kind, then by the key in the files. */
  readonly #groups = new Map<string, { kind: FileKind; values: Map<string, Merged> }>();

  add(kind: FileKind, entries: readonly Entry[]): void {
    // A gauge of mode `all` is not merged: each process has its own.
    const id = `${kind.type} ${kind.mode}${kind.mode === "all" ? ` ${kind.pid}` : ""}`;
    const { values } = this.#groups.getOrInsertComputed(id, () => ({ kind, values: new Map() }));
    for (const { key, value, timestamp } of entries) {
      // It has not been set in that process.
      if (kind.mode === "mostrecent" && timestamp <= 0) continue;
      const earlier = values.get(key);
      if (earlier === undefined) values.set(key, { value, timestamp });
      else merge(kind.mode, earlier, { value, timestamp });
    }
  }

  families(): Family[] {
    const families = new Map<string, Family>();
    for (const { kind, values } of this.#groups.values()) {
      for (const [key, { value }] of values) addSample(families, kind, key, value);
    }
    return [...families.values()].map((family) => (family.type === "histogram" ? cumulate(family) : family));
  }
}

function merge(mode: string, into: Merged, from: Merged): void {
  if (mode === "max") into.value = Math.max(into.value, from.value);
  else if (mode === "min") into.value = Math.min(into.value, from.value);
  else if (mode === "mostrecent") {
    if (from.timestamp > into.timestamp) Object.assign(into, from);
  } else into.value += from.value;
}

function addSample(families: Map<string, Family>, kind: FileKind, key: string, value: number): void {
  const [metric, sample, given, help] = JSON.parse(key) as [string, string, Labels, string];
  const labels = kind.type === "gauge" && kind.mode === "all" ? { ...given, pid: kind.pid } : given;
  // A counter's family has the name of its samples, `…_total`.
  const name = kind.type === "counter" ? sample : metric;
  const family = families.getOrInsertComputed(name, () => ({ name, help, type: kind.type, values: [] }));
  family.values.push(sample === name ? { labels, value } : { labels, value, metricName: sample });
}

/** In the files the buckets are not cumulative, and there is no total count. */
function cumulate(family: Family): Family {
  const bucket = `${family.name}_bucket`;
  const series = new Map<string, { labels: Labels; buckets: [number, string, number][] }>();
  const values: Sample[] = [];
  for (const sample of family.values) {
    if (sample.metricName !== bucket) {
      if (sample.metricName !== `${family.name}_count`) values.push(sample);
      continue;
    }
    const { le = "", ...labels } = sample.labels ?? {};
    const id = JSON.stringify(labels);
    const one = series.getOrInsertComputed(id, () => ({ labels, buckets: [] }));
    one.buckets.push([le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le), le, sample.value]);
  }
  for (const { labels, buckets } of series.values()) {
    let total = 0;
    for (const [, le, count] of buckets.sort((a, b) => a[0] - b[0])) {
      total += count;
      values.push({ metricName: bucket, labels: { ...labels, le }, value: total });
    }
    values.push({ metricName: `${family.name}_count`, labels, value: total });
  }
  return { ...family, values };
}
