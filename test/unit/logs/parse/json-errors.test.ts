import { expect, test } from "vitest";
import { parseJsonLine } from "../../../../src/logs/parse/json.ts";
import { CHAINED } from "../../../support/python-output.ts";

const parse = (value: unknown) => parseJsonLine(JSON.stringify(value), "info");
const stackOf = (fields: unknown) => (fields as { error: { stack: string } }).error.stack;
const ERROR = { type: "LookupError", message: "no sugar", stack: CHAINED };

test.each(["exc_info", "exception", "exc_text", "traceback", "stack_trace"])(
  "a traceback in %s is the record's error, and is there once",
  (key) => {
    const fields = parse({ level: "warning", message: "caught", [key]: `${CHAINED}\n` });
    expect(fields).toEqual({ level: "warn", msg: "caught", message: "caught", error: ERROR });
  },
);

test("it names a record without words, and moves an `error` of the line's own aside", () => {
  expect(parse({ level: "error", exc_info: CHAINED, error: "no sugar" })).toEqual({
    level: "error",
    msg: "LookupError: no sugar",
    error: ERROR,
    app: { error: "no sugar" },
  });
});

test("an `error` with fields of its own stays", () => {
  const error = { type: "x", message: "y" };
  expect(parse({ msg: "caught", error, exc_info: CHAINED })).toMatchObject({ error, exc_info: CHAINED });
});

test("structlog's lists of frames", () => {
  const frames = [{ filename: "/app/a.py", lineno: 3, name: "f", locals: {} }];
  const exception = [
    { exc_type: "LookupError", exc_value: "no sugar", frames },
    { exc_type: "KeyError", exc_value: "'sugar'", is_cause: true, frames },
  ];
  const fields = parse({ event: "caught", exception });
  expect(fields).toMatchObject({ error: { type: "LookupError", message: "no sugar" }, exception });
  expect(stackOf(fields).split("\n")).toEqual([
    "Traceback (most recent call last):",
    '  File "/app/a.py", line 3, in f',
    "KeyError: 'sugar'",
    "Traceback (most recent call last):",
    '  File "/app/a.py", line 3, in f',
    "LookupError: no sugar",
  ]);
});

test("an exception may have nothing but its type", () => {
  const exc_info = 'Traceback (most recent call last):\n  File "/app/a.py", line 3, in f\nKeyError';
  expect(parse({ msg: "caught", exc_info })).toMatchObject({ error: { type: "KeyError", message: "" } });
  expect(parse({ msg: "caught", exception: [{ exc_type: "KeyError" }] })).toMatchObject({
    error: { type: "KeyError", message: "", stack: "" },
  });
});

test("a stack without an exception is only that", () => {
  const stack = 'Stack (most recent call last):\n  File "/app/a.py", line 3, in f';
  expect(parse({ msg: "here", stack_info: stack })).toEqual({ level: "info", msg: "here", error: { stack } });
});

test.each([[true], [null], ["NoneType: None"], [[]], [[1]], [{}], [{ exc_type: 1 }]])(
  "what is no exception stays as it is: %j",
  (exc_info) => {
    expect(parse({ msg: "x", exc_info })).toEqual({ level: "info", msg: "x", exc_info });
  },
);
