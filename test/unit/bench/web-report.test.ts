import { expect, test } from "vitest";
import { measureRound } from "../../bench/pairs.ts";
import type { WebFigure } from "../../bench/web/figure.ts";
import { WEB_FIGURES } from "../../bench/web/figures.ts";
import { readWebOptions } from "../../bench/web/options.ts";
import { type Measured, webMarkdown } from "../../bench/web/web-report.ts";

const ofRounds = (...values: number[]) => values.map((value) => ({ value, p50Ms: value / 10, p99Ms: value }));

test("the ratio is the median of the rounds' ratios, and judges the goal", () => {
  const row: Measured = { ...(WEB_FIGURES.json as WebFigure).rows[0], samples: {} } as Measured;
  row.samples = {
    djinit: ofRounds(100, 300, 120),
    seed: ofRounds(50, 250, 120),
    granian: ofRounds(200, 200, 200),
  };
  const lines = webMarkdown([row], { rounds: 3, machine: "A machine." }).split("\n");
  expect(lines[2]).toBe(
    "| JSON view, two workers | djinit | 120 (100 – 300) requests/s | 12.0 ms | 120.0 ms |  |  |",
  );
  expect(lines[3]).toContain("| 1.20 (1.00 – 2.00) | met: at least 1.15 × it |");
  expect(lines[4]).toContain("| 0.60 (0.50 – 1.50) | MISSED: at least 1.00 × it |");
  expect(lines.at(-1)).toContain("of 3 rounds in turn");
});

test("there is no ratio to what answers nothing", () => {
  const row: Measured = {
    what: "JSON",
    unit: "of it",
    samples: { djinit: ofRounds(1), whitenoise: ofRounds(0) },
  };
  expect(webMarkdown([row], { rounds: 1, machine: "" })).toContain("| 0.00 of it | 0.0 ms | 0.0 ms |  |  |");
});

test("every second round goes backwards, so that nobody is always first", async () => {
  const asked: string[] = [];
  const ask = (name: string) => async () => asked.push(name);
  const designs = { djinit: ask("djinit"), seed: ask("seed"), granian: ask("granian") };
  expect(await measureRound(0, designs)).toEqual({ djinit: 1, seed: 2, granian: 3 });
  expect(await measureRound(1, designs)).toEqual({ djinit: 6, seed: 5, granian: 4 });
});

test("djinit is measured whatever is chosen; what nobody knows is refused", () => {
  const { designs, figures, rounds } = readWebOptions([
    "--designs",
    "seed,nginx",
    "--only",
    "json",
    "--only",
    "css",
    "--rounds",
    "3",
  ]);
  expect({ designs, figures, rounds }).toEqual({
    designs: ["djinit", "seed", "nginx"],
    figures: ["css", "json"],
    rounds: 3,
  });
  expect(() => readWebOptions(["--designs", "apache"])).toThrow(
    'cannot measure "apache": it is none of djinit, seed',
  );
  expect(() => readWebOptions(["--rounds", "0"])).toThrow("--rounds");
});
