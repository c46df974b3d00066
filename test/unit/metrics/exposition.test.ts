import { expect, test } from "vitest";
import { formatFamilies } from "../../../src/metrics/exposition.ts";
import type { Family } from "../../../src/metrics/family.ts";

const FAMILIES: Family[] = [
  {
    name: "a_total",
    help: "Counts\nall.",
    type: "counter",
    values: [{ labels: { host: 'x"\\\ny' }, value: 3 }],
  },
  { name: "b", help: "Is.", type: "gauge", values: [{ value: 0.5 }] },
  { name: "b", help: "The application's own.", type: "gauge", values: [{ value: 7 }] },
];
/** What Prometheus 3 sends. */
const PROMETHEUS =
  "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";

test("Prometheus' own text unless OpenMetrics is asked for", async () => {
  const { contentType, text } = await formatFamilies(FAMILIES, "*/*");
  expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(text.trim().split(/\n+/)).toEqual([
    "# HELP a_total Counts\\nall.",
    "# TYPE a_total counter",
    'a_total{host="x\\"\\\\\\ny"} 3',
    "# HELP b Is.",
    "# TYPE b gauge",
    "b 0.5",
  ]);
});

test("OpenMetrics names a counter's family without _total, and ends with # EOF", async () => {
  const { contentType, text } = await formatFamilies(FAMILIES, PROMETHEUS);
  expect(contentType).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
  expect(text.split("\n")).toEqual([
    "# HELP a Counts\\nall.",
    "# TYPE a counter",
    'a_total{host="x\\"\\\\\\ny"} 3',
    "# HELP b Is.",
    "# TYPE b gauge",
    "b 0.5",
    "# EOF",
    "",
  ]);
});

test("nothing is kept from one scrape to the next", async () => {
  const first = await formatFamilies(FAMILIES, PROMETHEUS);
  expect(await formatFamilies(FAMILIES, PROMETHEUS)).toEqual(first);
  expect(await formatFamilies([], "")).toMatchObject({ text: "\n" });
});
