import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { METRICS, type Metric } from "../../src/metrics/catalogue.ts";
import { dashboardExpressions, dashboardVariables } from "../support/dashboard.ts";
import { plain, readDocument, tableRows } from "./markdown.ts";

const CATALOGUE = Object.entries(METRICS) as [string, Metric][];
const DASHBOARD = readFileSync(new URL("../../deploy/grafana/djinit.json", import.meta.url), "utf8");
const rows = tableRows(readDocument("metrics.md"), ["metric", "type", "labels", "what"]);

describe("docs/metrics.md", () => {
  test("lists exactly the metrics that there are, each once", () => {
    expect(rows.map(({ metric = "" }) => plain(metric)).sort()).toEqual(
      CATALOGUE.map(([name]) => name).sort(),
    );
  });

  test.each(CATALOGUE)(
    "%s has the type, labels and text of the catalogue",
    (name, { type, labels, help }) => {
      const row = rows.find(({ metric = "" }) => plain(metric) === name);
      expect(row?.["type"]).toBe(type);
      expect(plain(row?.["labels"] ?? "")).toBe(labels.join(", ") || "-");
      expect(plain(row?.["what"] ?? "")).toBe(help);
    },
  );
});

/** Names of metrics in an expression, without what a histogram adds. */
const namesIn = (text: string): string[] =>
  (text.match(/\b(?:nginx|gunicorn|celery|django_tasks|djinit)_\w+/g) ?? []).map((name) =>
    name in METRICS ? name : name.replace(/_(bucket|sum|count)$/, ""),
  );

describe("deploy/grafana/djinit.json", () => {
  const used = [...dashboardExpressions(DASHBOARD), ...dashboardVariables(DASHBOARD)].flatMap(namesIn);

  test("uses only names that there are", () => {
    expect(used.length).toBeGreaterThan(40);
    expect(used.filter((name) => !(name in METRICS))).toEqual([]);
  });

  test("groups by labels that the metric has", () => {
    for (const expression of dashboardExpressions(DASHBOARD)) {
      const labels = namesIn(expression).flatMap(
        (name) => METRICS[name as keyof typeof METRICS].labels as string[],
      );
      // Prometheus' own come from the scrape.
      const known = [...labels, "le", "job", "instance"];
      const grouped = [...expression.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = ""]) =>
        list.split(/, */),
      );
      expect([expression, grouped.filter((label) => !known.includes(label))]).toEqual([expression, []]);
    }
  });

  test("shows every metric, but for those that only say that something is missing", () => {
    const hidden = CATALOGUE.map(([name]) => name).filter((name) => !used.includes(name));
    expect(hidden).toEqual(["djinit_application_metrics_readable"]);
  });
});

describe("deploy/prometheus/alerts.yaml", () => {
  const deployed = (name: string) =>
    readFileSync(new URL(`../../deploy/prometheus/${name}`, import.meta.url), "utf8");
  const RULES = deployed("alerts.yaml");
  const inRules = (pattern: RegExp) => [...RULES.matchAll(pattern)].map(([, found = ""]) => found);
  const alerts = inRules(/- alert: (\w+)/g);

  test("uses only names that there are", () => {
    expect(namesIn(RULES).length).toBeGreaterThan(alerts.length);
    expect(namesIn(RULES).filter((name) => !(name in METRICS))).toEqual([]);
  });

  test("has a test of each alert, in which it fires", () => {
    const fires = deployed("alerts.test.yaml").matchAll(/alertname: (\w+)\n.*\n\s+exp_alerts:\n/g);
    expect([...fires].map(([, name]) => name).sort()).toEqual(alerts.toSorted());
  });

  test("names a section of docs/alerts.md for each, and there are no others", () => {
    const sections = [...readDocument("alerts.md").matchAll(/^### (\w+)$/gm)].map(([, name = ""]) => name);
    expect(sections).toEqual(alerts);
    expect(inRules(/runbook: docs\/alerts\.md#(\w+)/g)).toEqual(alerts.map((name) => name.toLowerCase()));
  });
});

test("metrics are named as Prometheus advises: counters and nothing else end in _total, seconds and bytes are base units", () => {
  for (const [name, { type, help }] of CATALOGUE) {
    expect([name, name.endsWith("_total")]).toEqual([name, type === "counter"]);
    expect(name).not.toMatch(/_(ms|milliseconds|minutes|kb|mb)(_|$)/);
    expect(help).toMatch(/\.$/);
  }
});
