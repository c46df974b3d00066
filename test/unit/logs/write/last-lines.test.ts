import { expect, test } from "vitest";
import { LastLines } from "../../../../src/logs/write/last-lines.ts";

const linesOf = (...records: object[]) => {
  const last = new LastLines();
  for (const record of records) last.add({ level: "info", msg: "m", ...record });
  return last.lines;
};

test("twenty lines are kept, the newest ones", () => {
  const many = Array.from({ length: 30 }, (_, at) => ({ msg: `line ${at}` }));
  expect(linesOf(...many)).toEqual(many.slice(10).map(({ msg }) => msg));
  expect(linesOf({ msg: "one\ntwo" })).toEqual(["one", "two"]);
});

test("a traceback's last three lines tell the exception and its place", () => {
  const stack = "Traceback\n  File a\n    go()\nKeyError: 'a'";
  expect(linesOf({ error: { type: "KeyError", message: "'a'", stack } })).toEqual([
    "m",
    "  File a",
    "    go()",
    "KeyError: 'a'",
  ]);
});

test("the exception is named where the end of a long message hides it", () => {
  const stack = "Traceback\nKeyError: a\nb\nc\nd";
  expect(linesOf({ error: { type: "KeyError", message: "a\nb\nc\nd", stack } })).toEqual([
    "m",
    "KeyError: a",
    "b",
    "c",
    "d",
  ]);
  expect(linesOf({ error: { type: "KeyError", message: "a" } })).toEqual(["m", "KeyError: a"]);
});

test.each([
  [{ error: null }],
  [{ error: "text" }],
  [{ error: 7 }],
  [{ error: { type: "KeyError" } }],
  [{ error: { message: "a" } }],
  [{ error: { type: 7, message: {}, stack: [] } }],
])("what an application calls an error may be anything: %j", (record) => {
  expect(linesOf(record)).toEqual(["m"]);
});

test("a message may have more lines than a call can have arguments", () => {
  const many = `${"\n".repeat(300_000)}the end`;
  expect(linesOf({ msg: many })).toEqual([...Array<string>(19).fill(""), "the end"]);
  const stack = `Traceback${many}`;
  expect(linesOf({ error: { stack } }).slice(-3)).toEqual(["", "", "the end"]);
  expect(linesOf({ msg: "\n" })).toEqual(["", ""]);
  expect(linesOf({ msg: "" })).toEqual([""]);
});
