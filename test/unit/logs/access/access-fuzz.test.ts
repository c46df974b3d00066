// The fast way of access lines must never say anything else than the slow one, whatever bytes come.
import fc from "fast-check";
import { expect, test } from "vitest";
import { ACCESS_FORMAT } from "../../../../src/logs/access/format.ts";
import { accessLine } from "../../../support/access-line.ts";
import { streamed } from "../../../support/streamed.ts";

const RUNS = { numRuns: 1_500 };

/** What nginx makes of a client's bytes with `escape=json`: other than ASCII stays as it is. */
function escapeAsNginx(bytes: Uint8Array): string {
  return [...bytes]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      if (character === '"' || character === "\\") return `\\${character}`;
      return byte < 0x20 ? `\\u${byte.toString(16).padStart(4, "0").toUpperCase()}` : character;
    })
    .join("");
}

const ascii = fc.uint8Array({ maxLength: 30, max: 0x7e });
const anyBytes = fc.uint8Array({ maxLength: 30 });
const text = fc.oneof({ weight: 4, arbitrary: ascii }, { weight: 1, arbitrary: anyBytes }).map(escapeAsNginx);
const number = fc.oneof(
  fc.nat().map(String),
  fc.double({ min: 0, max: 1e6, noNaN: true }).map((it) => it.toFixed(3)),
  fc.constantFrom("", "-", "007", "1.", ".5", "1e5", "-1", "null", "0", "0.000", "999999999999999999"),
);
const time = fc.oneof(
  { weight: 6, arbitrary: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()) },
  { weight: 1, arbitrary: fc.string({ minLength: 24, maxLength: 24 }) },
);
const level = fc.constantFrom("info", "error", "info", "error", "warn", "", "infoo");
const KINDS = { text, time, level, whole: number, decimal: number, "decimal-or-null": number };

/** Lines of the form, in latin1: each character is a byte. */
const line = fc
  .tuple(...ACCESS_FORMAT.map(({ kind }) => KINDS[kind]))
  .map((values) =>
    accessLine(Object.fromEntries(ACCESS_FORMAT.map(({ variable }, at) => [variable, values[at] ?? ""]))),
  );
/** A good one, with a byte here and there that is not. */
const mutated = fc
  .tuple(
    fc.oneof(line, fc.constant(accessLine())),
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 1, 2)), {
      maxLength: 3,
    }),
  )
  .map(([good, changes]) =>
    changes.reduce((it, [at, byte, removed]) => {
      const place = at % (it.length + 1);
      return it.slice(0, place) + String.fromCharCode(byte) + it.slice(place + removed);
    }, good),
  );
const anyLine = fc.oneof(
  { weight: 3, arbitrary: line },
  { weight: 3, arbitrary: mutated },
  { weight: 1, arbitrary: fc.constant(accessLine()) },
  { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
);

test("both ways come to the same records and the same facts, whatever the lines are and wherever they are cut", () => {
  let fastLines = 0;
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 8 }), fc.nat(), (lines, cut) => {
      const bytes = Buffer.from(lines.join("\n"), "latin1");
      const at = cut % (bytes.length + 1);
      const reads = [bytes.subarray(0, at), bytes.subarray(at)];
      const fast = streamed(reads);
      const slow = streamed(reads, { fastWay: false });
      expect(fast.records).toEqual(slow.records);
      expect(fast.facts).toEqual(slow.facts);
      expect(fast.lines).toEqual(slow.lines);
      expect(fast.text).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/);
      if (fast.asBytes > 0) fastLines += 1;
    }),
    RUNS,
  );
  // It would prove nothing if none had gone the fast way.
  expect(fastLines).toBeGreaterThan(RUNS.numRuns / 10);
});

test("with filters too", () => {
  const plan = { levels: { all: "error" as const }, skip: ["/c*", "Mozilla"] };
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 8 }), (lines) => {
      const bytes = [Buffer.from(`${lines.join("\n")}\n`, "latin1")];
      const fast = streamed(bytes, { plan });
      const slow = streamed(bytes, { plan, fastWay: false });
      expect(fast.records).toEqual(slow.records);
      expect(fast.facts).toEqual(slow.facts);
    }),
    RUNS,
  );
});
