import { describe, expect, test } from "vitest";
import { readArguments } from "../../src/admin/arguments.ts";
import { type LogFilter, lineFilter } from "../../src/admin/log-filter.ts";
import { formatDuration, formatExit } from "../../src/admin/verb-status.ts";
import { DjinitError } from "../../src/base/errors.ts";
import { formatLogfmt } from "../../src/logs/format-logfmt.ts";
import { prettyFormat } from "../../src/logs/format-pretty.ts";
import type { Fields } from "../../src/logs/record.ts";

const SYNTAX = {
  usage: "verb [-f] WORD [WORD]",
  words: [1, 2] as [number, number],
  flags: { follow: "f" },
  values: ["level"],
};

describe("words and options", () => {
  test.each([
    [["a"], ["a"], {}],
    [["a", "-f"], ["a"], { follow: true }],
    [["--level", "warn", "a", "b"], ["a", "b"], { level: "warn" }],
    [["--level=warn", "a"], ["a"], { level: "warn" }],
    [["gunicorn", "-1"], ["gunicorn", "-1"], {}],
    [["gunicorn", "+1"], ["gunicorn", "+1"], {}],
  ])("%j", (args, words, options) => {
    const read = readArguments(args, SYNTAX);
    expect({ ...read, options: { ...read.options } }).toEqual({ words, options });
  });

  test.each([[[]], [["a", "b", "c"]], [["a", "--flow"]], [["a", "--level"]], [["-x", "a"]]])(
    "%j is refused, with the usage",
    (args) => {
      const attempt = () => readArguments(args, SYNTAX);
      expect(attempt).toThrow(DjinitError);
      expect(attempt).toThrow(/^cannot run `djinit verb.*`: .+; usage: djinit verb \[-f\] WORD \[WORD\]$/);
    },
  );
});

describe("what is printed", () => {
  test.each([
    [0, "0s"],
    [59, "59s"],
    [310, "5m10s"],
    [12_000, "3h20m"],
    [1_051_200, "12d4h"],
  ])("%i s: %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));

  test.each([
    [0, "0"],
    [1, "1"],
    [137, "137 (SIGKILL)"],
    [139, "139 (SIGSEGV)"],
    [255, "255"],
  ])("status %i: %s", (status, text) => expect(formatExit(status)).toBe(text));
});

describe("a line of the log is shown", () => {
  const line = '{"level":"warn","service":"nginx","msg":"x"}';
  test.each([
    [{ service: undefined, level: undefined }, true],
    [{ service: "nginx", level: undefined }, true],
    [{ service: "gunicorn", level: undefined }, false],
    [{ service: undefined, level: "info" as const }, true],
    [{ service: undefined, level: "warn" as const }, true],
    [{ service: undefined, level: "error" as const }, false],
    [{ service: "nginx", level: "fatal" as const }, false],
  ])("%j: %s", (filter, shown) => expect(lineFilter(filter)(line)).toBe(shown));

  test.each([
    ["logfmt", formatLogfmt],
    ["pretty", prettyFormat(false)],
    ["pretty with colours", prettyFormat(true)],
  ])("in the format %s too, with the lines that belong to it", (_, format) => {
    const error = { type: "ValueError", message: "no", stack: "Traceback\n  line 1\nValueError: no" };
    const record = (service: string, fields: Fields) => format(service, 7, 0, fields).trimEnd().split("\n");
    const lines = [
      ...record("nginx", { level: "info", msg: "one" }),
      ...record("gunicorn", { level: "error", msg: "two", error }),
      ...record("nginx", { level: "warn", msg: "three" }),
    ];
    const shownBy = (filter: LogFilter) => lines.filter(lineFilter(filter)).join("\n");
    const gunicorn = shownBy({ service: "gunicorn", level: undefined });
    expect(gunicorn).toContain("two");
    expect(gunicorn).toContain("ValueError: no");
    expect(gunicorn).not.toMatch(/one|three/);
    expect(shownBy({ service: undefined, level: "warn" })).toMatch(/two[\s\S]*three/);
    expect(shownBy({ service: undefined, level: "warn" })).not.toContain("one");
  });

  test("what is no record only where nothing is filtered", () => {
    expect(lineFilter({ service: undefined, level: undefined })("half a li")).toBe(true);
    expect(lineFilter({ service: "nginx", level: undefined })("half a li")).toBe(false);
  });
});
