import { describe, expect, test } from "vitest";
import { readArguments } from "../../src/admin/arguments.ts";
import { matches } from "../../src/admin/log-filter.ts";
import { formatDuration, formatExit } from "../../src/admin/verb-status.ts";
import { DjinitError } from "../../src/base/errors.ts";

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
  ])("%j: %s", (filter, shown) => expect(matches(line, filter)).toBe(shown));

  test("what is no record only where nothing is filtered", () => {
    expect(matches("half a li", { service: undefined, level: undefined })).toBe(true);
    expect(matches("half a li", { service: "nginx", level: undefined })).toBe(false);
  });
});
