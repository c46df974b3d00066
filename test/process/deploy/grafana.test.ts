// deploy/grafana/djinit.json, held against the types of the Grafana that deploy/compose.yaml runs.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DEPLOY, readYaml } from "../../support/yaml-files.ts";

const ROOT = join(import.meta.dirname, "../../..");
const TYPE = join(import.meta.dirname, "grafana-dashboard.d.ts");
const TEXT = readFileSync(join(DEPLOY, "grafana/djinit.json"), "utf8");

// biome-ignore lint/suspicious/noExplicitAny: the file is looked at by many paths
type Any = any;
const read = (): Any => JSON.parse(TEXT);
const PANELS: Any[] = read().panels;
const ASKING = PANELS.filter(({ type }) => type !== "row");
const panel = (dashboard: Any, title: string) =>
  dashboard.panels.find((it: Any) => it.title === title && it.type !== "row");

/** What tsc refuses of a dashboard that stands in a program as a literal, by its name. */
function refusedBy(dashboards: Record<string, Any>): Record<string, string[]> {
  const folder = mkdtempSync(join(tmpdir(), "djinit-grafana-"));
  try {
    const compilerOptions = { module: "nodenext", strict: true, skipLibCheck: true, noEmit: true, types: [] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.mts"] }));
    for (const [name, dashboard] of Object.entries(dashboards)) {
      const program = `import type { Dashboard } from ${JSON.stringify(TYPE)};
export const dashboard: Dashboard = ${JSON.stringify(dashboard, null, 1)};\n`;
      writeFileSync(join(folder, `${name}.mts`), program);
    }
    const { stdout, status } = spawnSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", folder], {
      encoding: "utf8",
      cwd: folder,
    });
    const lines = stdout.split("\n").filter((line) => line.includes(": error "));
    if (lines.length === 0 && status !== 0) throw new Error(`tsc ended with ${status}: ${stdout}`);
    const of = (name: string) => lines.filter((line) => line.startsWith(`${name}.mts`));
    return Object.fromEntries(Object.keys(dashboards).map((name) => [name, of(name)]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function changed(change: (dashboard: Any) => void): Any {
  const dashboard = read();
  change(dashboard);
  return dashboard;
}

/** What Grafana would pass over in silence, or stumble on. */
const FAULTS: Record<string, { dashboard: Any; names: string }> = {
  "word-of-the-dashboard": {
    dashboard: changed((it) => Object.assign(it, { graphTooltips: 1 })),
    names: "graphTooltips",
  },
  "option-of-a-panel": {
    dashboard: changed((it) => Object.assign(panel(it, "Ready").options, { graph: "none" })),
    names: "graph",
  },
  "value-of-an-option": {
    dashboard: changed((it) => Object.assign(panel(it, "Ready").options, { colorMode: "values" })),
    names: "values",
  },
  "field-of-a-graph": {
    dashboard: changed((it) =>
      Object.assign(panel(it, "Requests by host").fieldConfig.defaults.custom, { fillopacity: 1 }),
    ),
    names: "fillopacity",
  },
  "type-of-panel": {
    dashboard: changed((it) => Object.assign(panel(it, "Connections"), { type: "graph" })),
    names: "graph",
  },
  "property-of-an-override": {
    dashboard: changed((it) => {
      panel(it, "Memory of the containers").fieldConfig.overrides[0].properties[0].id = "colour";
    }),
    names: "colour",
  },
  "format-of-a-query": {
    dashboard: changed((it) => Object.assign(panel(it, "Versions").targets[0], { format: "tables" })),
    names: "tables",
  },
};

test("is what Grafana takes; controls: of a word that it does not know the type says so", () => {
  const controls = Object.entries(FAULTS).map(([name, { dashboard }]) => [name, dashboard]);
  const { djinit, ...refused } = refusedBy({ djinit: read(), ...Object.fromEntries(controls) });
  expect(djinit).toEqual([]);
  for (const [name, { names }] of Object.entries(FAULTS)) {
    expect([name, refused[name]?.join("\n")]).toEqual([name, expect.stringContaining(`"${names}"`)]);
  }
}, 60_000);

test("the types are those of the Grafana in compose.yaml", () => {
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const { image } = readYaml("compose.yaml").services.grafana;
  expect(image).toBe(`grafana/grafana:${devDependencies["@grafana/schema"]}`);
});

test("panels fill each line of the 24 columns, and none lies on another", () => {
  const cells = new Map<string, string>();
  for (const { title, gridPos } of PANELS) {
    for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        const cell = `${x}, ${y}`;
        expect([cell, title, cells.get(cell)]).toEqual([cell, title, undefined]);
        cells.set(cell, title);
      }
    }
  }
  const height = Math.max(...PANELS.map(({ gridPos }) => gridPos.y + gridPos.h));
  expect(cells.size).toBe(24 * height);
  // A reader of the file finds them as they stand on the screen.
  const places = PANELS.map(({ gridPos }) => gridPos.y * 24 + gridPos.x);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});

test("ids and titles are each there once, and each query of a panel has its own letter", () => {
  for (const key of ["id", "title"]) {
    const all = PANELS.filter(({ type }) => key === "id" || type !== "row").map((it) => it[key]);
    expect([key, all.filter((it, index) => all.indexOf(it) !== index)]).toEqual([key, []]);
  }
  for (const { title, targets } of ASKING) {
    const letters = targets.map(({ refId }: Any) => refId);
    expect([title, new Set(letters).size]).toEqual([title, letters.length]);
  }
});

test("an override is for a query, a legend or a column that the panel has", () => {
  const found: string[] = [];
  for (const { title, targets, fieldConfig, transformations = [] } of ASKING) {
    const columns = transformations.flatMap(({ options }: Any) => Object.values(options.renameByName));
    const names = [...targets.map(({ legendFormat }: Any) => legendFormat), ...columns];
    for (const { matcher } of fieldConfig.overrides) {
      if (matcher.id === "byRegexp") continue;
      const known = matcher.id === "byName" ? names : targets.map(({ refId }: Any) => refId);
      expect([title, known]).toEqual([title, expect.arrayContaining([matcher.options])]);
      found.push(title);
    }
  }
  expect(found.length).toBeGreaterThan(10);
});

test("no graph of whole numbers says what it has no value of: Grafana 10 writes that at each half of its axis", () => {
  const both = ASKING.filter(({ type, fieldConfig: { defaults } }) => {
    return type === "timeseries" && defaults.decimals === 0 && defaults.noValue !== undefined;
  });
  expect(both.map(({ title }) => title)).toEqual([]);
});

test("a number that stands alone has limits of its own: without them Grafana shows it red from 80 on", () => {
  const alone = ASKING.filter(({ type }) => type === "stat");
  expect(alone.length).toBeGreaterThan(5);
  for (const { title, fieldConfig } of alone) {
    expect([title, fieldConfig.defaults.thresholds?.steps[0]]).toEqual([
      title,
      { color: expect.any(String), value: null },
    ]);
  }
});
