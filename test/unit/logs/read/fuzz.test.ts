import fc from "fast-check";
import { expect, test } from "vitest";
import { streamed } from "../../../support/streamed.ts";

// A busy machine may take its time.

const LEVELS = ["debug", "info", "warn", "error", "fatal"];
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const RUNS = { numRuns: 1_000 };

const SERVICES = ["gunicorn", "nginx", "celery-worker"];

/** From bytes to what is written to stdout. */
const relay = (bytes: Buffer, service = "gunicorn"): string => streamed([bytes], { service, pid: 7 }).text;

function expectRecords(written: string, service = "gunicorn"): Record<string, unknown>[] {
  const lines = written.split("\n");
  expect(lines.pop()).toBe("");
  return lines.map((line) => {
    const record = JSON.parse(line) as Record<string, unknown>;
    const { time, level, msg } = record;
    const isSound =
      TIME.test(String(time)) &&
      LEVELS.includes(String(level)) &&
      record["service"] === service &&
      typeof msg === "string";
    // Asked for each of the four, expect() takes longer than all the rest.
    if (!isSound) expect.fail(`not a record of ${service}: ${line}`);
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
    "\u001b[31m\u2028\u2029\u202e\u2069\u0085\u0000\ud800",
    "",
  ),
);

test("whatever bytes a service writes: only one-line records with time, level, service and msg", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.constantFrom(...SERVICES), (bytes, service) => {
      expectRecords(relay(Buffer.from(bytes), service), service);
    }),
    RUNS,
  );
});

test("whatever lines a service writes: the same, and never more records than lines", () => {
  fc.assert(
    fc.property(
      fc.array(fragment, { maxLength: 12 }),
      fc.constantFrom("\n", "\r\n", "\r"),
      fc.constantFrom(...SERVICES),
      (lines, newline, service) => {
        const text = lines.join(newline);
        const records = expectRecords(relay(Buffer.from(text), service), service);
        expect(records.length).toBeLessThanOrEqual(text.split("\n").length);
      },
    ),
    RUNS,
  );
});

test("nothing of what a service writes is lost, wherever it is cut, and all keeps its order", () => {
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 12 }), fc.nat(), (fragments, cut) => {
      // A mark at the end of each line, where no parser takes anything away.
      const lines = fragments.map((line, at) => `${line.replaceAll("\n", " ")} #mark-${at}#`);
      const bytes = Buffer.from(lines.join("\n"));
      const reads = [bytes.subarray(0, cut % (bytes.length + 1)), bytes.subarray(cut % (bytes.length + 1))];
      const { text, lines: counted } = streamed(reads, { service: "gunicorn" });
      // A traceback's exception is in two fields, its type's and its stack's.
      const marks = [...text.matchAll(/#mark-(\d+)#/g)].map(([, number]) => Number(number));
      expect([...new Set(marks)].sort((a, b) => a - b)).toEqual(lines.map((_, at) => at));
      expect(counted).toBe(lines.length);
    }),
    RUNS,
  );
});

test("whatever the format is: no control character but the newlines at the ends of lines", () => {
  fc.assert(
    fc.property(
      fc.array(fragment, { maxLength: 8 }),
      fc.constantFrom("logfmt" as const, "pretty" as const),
      fc.constantFrom(...SERVICES),
      (lines, format, service) => {
        const { text } = streamed([Buffer.from(lines.join("\n"))], { service, plan: { format } });
        expect(text).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/);
        if (format === "logfmt")
          for (const line of text.split("\n").slice(0, -1))
            expect(line).toMatch(/^time=\S+ level=\w+ service=/);
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

/** Parts of heads, in any order: what a careless pattern would look through again and again. */
const PARTS = [
  ..."[]{}()<>|:=\"'\\-. ",
  "2026-11-24 02:30:58,123 ",
  "24/Nov/2026 02:30:58",
  "Nov 24 02:30:58",
  "ERROR ",
  "[info     ] ",
  "shop.views ",
  "[shop.views] ",
  " [",
  "k='v' ",
  'k="',
  "level=info event=",
  "a.",
  "1 ",
  "MainThread ",
  'File "',
  "Warning: ",
  "[2026-11-24 02:30:58,123: WARNING/ForkPoolWorker-1] ",
  "Traceback (most recent call last):",
  "Error: ",
  "\u001b[",
];

test("no line of 256 KiB, however it repeats the parts of heads, is looked through more than a few times", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("", ...PARTS),
      fc.array(fc.constantFrom(...PARTS), { minLength: 1, maxLength: 3 }),
      fc.constantFrom("", ...PARTS),
      (head, repeated, tail) => {
        const part = repeated.join("");
        const line = head + part.repeat(Math.floor(200_000 / part.length)) + tail;
        expectRecords(relay(Buffer.from(`${line}\nTraceback (most recent call last):\n${line}\n`)));
      },
    ),
    { numRuns: 150 },
  );
});
