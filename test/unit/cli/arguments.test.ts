import { describe, expect, test } from "vitest";
import { DjinitError } from "../../../src/base/errors.ts";
import { readArguments } from "../../../src/cli/arguments.ts";
import { lineFilter } from "../../../src/cli/log-filter.ts";
import { formatDuration, formatExit } from "../../../src/cli/verbs/status.ts";

const SYNTAX = {
  usage: "verb [-f] WORD [WORD]",
  operands: [1, 2] as [number, number],
  flags: { follow: "f" },
  values: { level: "l" },
};

describe("operands and options", () => {
  test.each([
    [["a"], ["a"], {}],
    [["a", "-f"], ["a"], { follow: true }],
    [["--level", "warn", "a", "b"], ["a", "b"], { level: "warn" }],
    [["--level=warn", "a"], ["a"], { level: "warn" }],
    [["-l", "warn", "a"], ["a"], { level: "warn" }],
    [["gunicorn", "-1"], ["gunicorn", "-1"], {}],
    [["a", "--level", "-3"], ["a"], { level: "-3" }],
    [["gunicorn", "+1"], ["gunicorn", "+1"], {}],
  ])("%j", (args, operands, options) => {
    const read = readArguments(args, SYNTAX);
    expect({ ...read, options: { ...read.options } }).toEqual({ operands, options });
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
  const lines = {
    json: '{"level":"warn","service":"nginx","msg":"x"}',
    logfmt: "time=2026-11-25T10:00:00.000Z level=warn service=nginx pid=7 msg=x",
    pretty: "10:00:00.000 WARN  nginx         x",
    "pretty, in colours": "\u001b[2m10:00:00.000\u001b[0m \u001b[33mWARN \u001b[0m nginx         x",
  };
  const cases = [
    [{ service: undefined, level: undefined }, true],
    [{ service: "nginx", level: undefined }, true],
    [{ service: "gunicorn", level: undefined }, false],
    [{ service: undefined, level: "info" as const }, true],
    [{ service: undefined, level: "warn" as const }, true],
    [{ service: undefined, level: "error" as const }, false],
    [{ service: "nginx", level: "fatal" as const }, false],
  ] as const;

  test.each(Object.entries(lines))("%s", (_, line) => {
    for (const [filter, shown] of cases) expect([filter, lineFilter(filter)(line)]).toEqual([filter, shown]);
  });

  test("what follows a record's first line belongs to it", () => {
    const isShown = lineFilter({ service: "gunicorn", level: undefined });
    const log = [
      "    of something before",
      lines.pretty,
      "    of nginx",
      lines.pretty.replace("nginx", "gunicorn"),
      "    of gunicorn",
    ];
    expect(log.map(isShown)).toEqual([false, false, false, true, true]);
    expect(lineFilter({ service: undefined, level: undefined })("half a li")).toBe(true);
  });
});
