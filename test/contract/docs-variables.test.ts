import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { VARIABLES, type Variable } from "../../src/config/variables.ts";
import { plain, readDocument, tableRows } from "./markdown.ts";

const TABLE = Object.values(VARIABLES) as Variable[];
const rows = tableRows(readDocument("variables.md"), ["variable", "values", "default", "what it does"]);

const takes = ({ schema }: Variable, text: string) => v.safeParse(schema, text);

/** Checks that the schema takes what the document says, and no more. */
function expectValues(variable: Variable, values: string): void {
  const range = /^(seconds|number), (\d+) to (\d+)$/.exec(values);
  if (range !== null) {
    const [, kind, min, max] = range;
    const factor = kind === "seconds" ? 1_000 : 1;
    for (const bound of [Number(min), Number(max)]) {
      expect(takes(variable, String(bound))).toMatchObject({ success: true, output: bound * factor });
    }
    expect(takes(variable, String(Number(max) + 1)).success).toBe(false);
    expect(takes(variable, String(Number(min) - 1)).success).toBe(false);
    expect(takes(variable, "text").success).toBe(false);
    return;
  }
  const options = values.split(" or ").filter((option) => option.startsWith("`"));
  if (options.length > 0) {
    for (const option of options) expect(takes(variable, plain(option)).success).toBe(true);
    expect(takes(variable, "text").success).toBe(false);
    return;
  }
  const outputs: Record<string, unknown> = { "on/off": true, text: "x y", secret: "x y" };
  if (values in outputs) return expect(takes(variable, "x y").output).toBe(outputs[values]);
  // A path, a user, a host…: a text with a form of its own.
  expect([
    "path",
    "user",
    "host",
    "address",
    "levels",
    "requests",
    "networks",
    "processes",
    "databases",
    "names",
    "memory",
    "percentage",
    "size",
    "rate",
    "headers",
    "paths",
  ]).toContain(values);
  expect(takes(variable, "x y").success).toBe(false);
}

describe("docs/variables.md", () => {
  test("lists exactly the variables that there are, each once", () => {
    expect(rows.map(({ variable = "" }) => plain(variable)).sort()).toEqual(
      TABLE.map(({ name }) => name).sort(),
    );
  });

  test.each(TABLE)("$name: values, default and text are those of the table", (variable) => {
    const row = rows.find((it) => plain(it["variable"] ?? "") === variable.name) ?? {};
    const { values = "", default: fallback = "", "what it does": about } = row;
    expectValues(variable, values);
    expect(values === "secret").toBe(variable.secret === true);
    if (values === "on/off") expect([fallback, variable.default || undefined]).toEqual(["off", undefined]);
    else expect(plain(fallback)).toBe(variable.default ?? "-");
    const instead = variable.deprecated === undefined ? "" : ` Instead: ${variable.deprecated}.`;
    expect(plain(about ?? "")).toBe(plain(variable.about + instead));
  });
});

test("every default is a value that the variable takes", () => {
  for (const variable of TABLE) {
    if (variable.default) expect(takes(variable, variable.default).success, variable.name).toBe(true);
  }
});
