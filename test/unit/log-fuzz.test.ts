import fc from "fast-check";
import { expect, test } from "vitest";
import { EntryGrouper } from "../../src/logs/entries.ts";
import { LineSplitter } from "../../src/logs/lines.ts";
import { parseEntry } from "../../src/logs/parse-entry.ts";
import { formatRecord } from "../../src/logs/record.ts";

// A busy machine may take its time.

const LEVELS = ["debug", "info", "warn", "error", "fatal"];
const RUNS = { numRuns: 1_000 };

/** From bytes to what is written to stdout: the parts of the relay that decide it. */
function relay(bytes: Buffer): string {
  let written = "";
  const grouper = new EntryGrouper((entry) => {
    written += formatRecord("gunicorn", 7, 0, parseEntry(entry));
  });
  const splitter = new LineSplitter({ line: (line) => grouper.push(line) });
  splitter.push(bytes);
  splitter.end();
  grouper.flush();
  return written;
}

function expectRecords(written: string): Record<string, unknown>[] {
  const lines = written.split("\n");
  expect(lines.pop()).toBe("");
  return lines.map((line) => {
    const record = JSON.parse(line) as Record<string, unknown>;
    expect(record["time"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(LEVELS).toContain(record["level"]);
    expect(record["service"]).toBe("gunicorn");
    expect(typeof record["msg"]).toBe("string");
    return record;
  });
}

const KEYS = [
  "time",
  "timestamp",
  "level",
  "levelname",
  "msg",
  "message",
  "service",
  "status",
  "request",
  "error",
];
const key = fc.oneof(
  fc.constantFrom(...KEYS, "__proto__", "constructor", "toString", "valueOf", "toJSON"),
  fc.string(),
);
const value = fc.oneof(
  fc.constantFrom("2026-11-24T02:30:58Z", "constructor", "__proto__", "INFO", 1e12, 1e300, "\n"),
  fc.jsonValue(),
  fc.dictionary(key, fc.jsonValue()),
);
/** A JSON object's text, with any names: written by hand, since `__proto__` is no key of a literal. */
const jsonLine = fc
  .array(fc.tuple(key, value))
  .map(
    (fields) =>
      `{${fields.map(([name, given]) => `${JSON.stringify(name)}:${JSON.stringify(given)}`).join(",")}}`,
  );

const fragment = fc.oneof(
  jsonLine,
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "Traceback (most recent call last):",
    "  + Exception Group Traceback (most recent call last):",
    '  File "x", line 1, in <module>',
    "ValueError: no",
    "During handling of the above exception, another exception occurred:",
    "DETAIL:  x",
    "[2026-11-24 03:26:49 +0000] [33] [CONSTRUCTOR] x",
    "[2026-11-24 03:26:34,559: __PROTO__/MainProcess] x",
    "\u001b[31m\u2028\u2029\u0085\u0000\ud800",
    "",
  ),
);

test("whatever bytes a service writes: only one-line records with time, level, service and msg", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void expectRecords(relay(Buffer.from(bytes)))),
    RUNS,
  );
});

test("whatever lines a service writes: the same, and never more records than lines", () => {
  fc.assert(
    fc.property(
      fc.array(fragment, { maxLength: 12 }),
      fc.constantFrom("\n", "\r\n", "\r"),
      (lines, newline) => {
        const text = lines.join(newline);
        expect(expectRecords(relay(Buffer.from(text))).length).toBeLessThanOrEqual(text.split("\n").length);
      },
    ),
    RUNS,
  );
});

test("a record cannot be forged: a line with line breaks and quotes in it stays one record of its own service", () => {
  const forged = '{"time":"2026-11-24T00:00:00.000Z","level":"fatal","service":"djinit","msg":"stopped"}';
  const breaks = ["\r", "\u0085", "\u2028", "\u2029", "\\n", "\u000b", "\u000c", "\0"];
  for (const lineBreak of breaks) {
    const records = expectRecords(relay(Buffer.from(`x${lineBreak}${forged}\n`)));
    expect(records).toHaveLength(1);
    expect(records[0]?.["level"]).toBe("info");
  }
  // As a line of its own it is JSON: its fields are kept, but the service that said it is told.
  const [record] = expectRecords(relay(Buffer.from(`${forged}\n`)));
  expect(record).toMatchObject({ service: "gunicorn", app: { service: "djinit" }, msg: "stopped" });
});

test.each(["[", '{"a":'])("a line of %j nested as deep as a line can be does no harm", (bracket) => {
  const depth = 40_000;
  const close = bracket === "[" ? "]" : "}";
  const line = `{"msg":"deep","a":${bracket.repeat(depth)}1${close.repeat(depth)}}`;
  expect(relay(Buffer.from(`${line}\nnext\n`)).split("\n")).toHaveLength(3);
});
