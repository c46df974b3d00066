import { describe, expect, test } from "vitest";
import { MAX_LINE_BYTES } from "../../../../src/logs/arena.ts";
import { EntryGrouper } from "../../../../src/logs/parse/entries.ts";
import { parseEntry } from "../../../../src/logs/parse/entry.ts";
import { readTraceback } from "../../../../src/logs/parse/error.ts";
import type { Entry } from "../../../../src/logs/parse/open-traceback.ts";
import * as python from "../../../support/python-output.ts";

/** The entries of some text. `chunks`: a read ends after each line, or after the whole. */
function group(text: string, chunks: "whole" | "line by line" = "whole"): Entry[] {
  const entries: Entry[] = [];
  const grouper = new EntryGrouper((entry) => entries.push(entry));
  for (const line of text.split("\n")) {
    grouper.push(line);
    if (chunks === "line by line") grouper.endOfChunk();
  }
  grouper.endOfChunk();
  grouper.flush();
  return entries.filter(({ head, traceback }) => head !== "" || traceback.length > 0);
}

const HEAD = "[2026-11-24 02:30:58 +0000] [7] [ERROR] Error handling request /";
const NEXT = "[2026-11-24 02:30:59 +0000] [7] [INFO] Worker exiting (pid: 7)";

describe.each(Object.entries(python.ALL))("the traceback %s", (_, traceback) => {
  const lines = traceback.split("\n");

  test.each(["whole", "line by line"] as const)("is one entry (%s)", (chunks) => {
    expect(group(traceback, chunks)).toEqual([{ head: "", traceback: lines }]);
  });

  test("belongs to the line that announces it in the same read", () => {
    expect(group(`${HEAD}\n${traceback}`)).toEqual([{ head: HEAD, traceback: lines }]);
  });

  test.each(["whole", "line by line"] as const)("does not swallow the next log line (%s)", (chunks) => {
    const entries = group(`${traceback}\n${NEXT}\nplain text\n`, chunks);
    expect(entries).toEqual([
      { head: "", traceback: lines },
      { head: NEXT, traceback: [] },
      { head: "plain text", traceback: [] },
    ]);
  });

  test("does not swallow the next traceback", () => {
    expect(group(`${traceback}\n${traceback}`)).toHaveLength(2);
    expect(group(`${traceback}\n\n${traceback}`)).toHaveLength(2);
    expect(group(`${traceback}\n${HEAD}\n${traceback}`)).toHaveLength(2);
  });
});

test.each([
  ["SIMPLE", "ValueError", "no flour"],
  ["WITHOUT_MESSAGE", "KeyboardInterrupt", ""],
  ["CHAINED", "LookupError", "no sugar"],
  ["GROUP", "ExceptionGroup", "two cakes burnt (2 sub-exceptions)"],
  ["SYNTAX_ERROR", "SyntaxError", "'(' was never closed"],
  [
    "POSTGRES_SYNTAX",
    "django.db.utils.ProgrammingError",
    /^syntax error at or near "SELEC"\nLINE 1: SELEC 1\n {8}\^$/,
  ],
  ["POSTGRES", "django.db.utils.IntegrityError", /^duplicate key .*_key"\nDETAIL: {2}Key \(username\)/],
] as const)("of the traceback %s the exception is %s", (name, type, message) => {
  const lines = python.ALL[name].split("\n");
  const error = readTraceback(lines);
  expect(error.type).toBe(type);
  if (typeof message === "string") expect(error.message).toBe(message);
  else expect(error.message).toMatch(message);
  expect(error.stack).toBe(lines.join("\n"));
});

describe("the record of a traceback", () => {
  const parse = (text: string) => parseEntry(group(text)[0] as Entry);

  test("is an error with the message of the line that announced it", () => {
    expect(parse(`${HEAD}\n${python.SIMPLE}`)).toMatchObject({
      level: "error",
      msg: "Error handling request /",
      pid: 7,
      error: { type: "ValueError", message: "no flour" },
    });
  });

  test("stays fatal where that line was, and is an error where it was a warning", () => {
    expect(parse(`CRITICAL:x:out of flour\n${python.SIMPLE}`).level).toBe("fatal");
    expect(parse(`WARNING:x:low on flour\n${python.SIMPLE}`).level).toBe("error");
  });

  test("without such a line it says what the exception says", () => {
    expect(parse(python.SIMPLE).msg).toBe("ValueError: no flour");
    expect(parse(python.WITHOUT_MESSAGE).msg).toBe("KeyboardInterrupt");
    expect(parse(python.GROUP).msg).toBe("ExceptionGroup: two cakes burnt (2 sub-exceptions)");
  });

  test("a traceback that breaks off has a type all the same", () => {
    expect(readTraceback(["Traceback (most recent call last):"])).toMatchObject({
      type: "Exception",
      message: "",
    });
    expect(readTraceback(["Traceback (most recent call last):", '  File "x"']).type).toBe("Exception");
  });
});

describe("what is held back", () => {
  test("a line is complete when the read ends, a traceback when a while has passed", () => {
    const entries: Entry[] = [];
    const grouper = new EntryGrouper((entry) => entries.push(entry));
    grouper.push("a line");
    expect(grouper.endOfChunk()).toBe(0);
    expect(entries).toHaveLength(1);
    for (const line of python.SIMPLE.split("\n")) grouper.push(line);
    expect(grouper.endOfChunk()).toBeGreaterThan(0);
    expect(entries).toHaveLength(1);
    grouper.flush();
    grouper.flush();
    expect(entries).toHaveLength(2);
  });

  test("has a bound: indented lines that go on for ever are passed on in parts", () => {
    const entries: Entry[] = [];
    const grouper = new EntryGrouper((entry) => entries.push(entry));
    const line = `  ${"x".repeat(1_000)}`;
    const lineCount = 2_000;
    grouper.push("Traceback (most recent call last):");
    for (let count = 0; count < lineCount; count += 1) grouper.push(line);
    grouper.flush();
    const sizes = entries.map(({ head, traceback }) => head.length + traceback.join("\n").length);
    expect(Math.max(...sizes)).toBeLessThan(MAX_LINE_BYTES + 2 * line.length);
    const lines = entries.flatMap(({ head, traceback }) => (head === "" ? traceback : [head, ...traceback]));
    expect(lines).toHaveLength(lineCount + 1);
  });
});

test("the project is loaded in the middle of beat's banner: the rest of it is one entry too", () => {
  const entries: Entry[] = [];
  const grouper = new EntryGrouper((entry) => entries.push(entry));
  const rest = ["__    -    ... __   -        _", "LocalTime -> 2026-11-26 05:32:10", "Configuration ->"];
  grouper.push("celery beat v5.7.0 (collider) is starting.");
  grouper.flush();
  for (const line of [...rest, "    . broker -> redis://redis:6379/0", NEXT]) grouper.push(line);
  grouper.flush();
  expect(entries.map(({ head }) => head.split("\n").length)).toEqual([1, 4, 1]);
});
