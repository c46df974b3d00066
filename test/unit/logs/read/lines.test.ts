import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_LINE_BYTES } from "../../../../src/logs/arena.ts";
import { LineSplitter } from "../../../../src/logs/read/lines.ts";

// A busy machine may take its time.

const MARK = "… [cut by djinit]";

function split(...chunks: (string | Buffer)[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter({ line: (line) => lines.push(line) });
  for (const chunk of chunks) splitter.push(Buffer.from(chunk as string));
  splitter.end();
  return lines;
}

/** `bytes` in pieces that end at `cuts`. */
function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...new Set([...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return ends.map((end, at) => bytes.subarray(at === 0 ? 0 : ends[at - 1], end));
}

describe("lines", () => {
  test.each([
    ["one chunk, three lines", ["a\nb\nc\n"], ["a", "b", "c"]],
    ["a line over several chunks", ["a", "b", "c\nd", "e\n"], ["abc", "de"]],
    ["empty lines", ["\n\na\n\n"], ["", "", "a", ""]],
    ["CRLF, also cut between CR and LF", ["a\r\nb\r", "\nc\r\n"], ["a", "b", "c"]],
    ["a CR within a line stays", ["10%\r20%\r\n"], ["10%\r20%"]],
    ["half a line at the end is not lost", ["a\nb"], ["a", "b"]],
    ["nothing after the last newline is no line", ["a\n"], ["a"]],
    ["nothing at all", [], []],
    ["empty chunks", ["", "a", "", "\n", ""], ["a"]],
  ])("%s", (_, chunks, lines) => {
    expect(split(...chunks)).toEqual(lines);
  });

  test("a character cut in the middle of its bytes is whole again", () => {
    const bytes = Buffer.from("ä€😀\n");
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(split(bytes.subarray(0, at), bytes.subarray(at))).toEqual(["ä€😀"]);
    }
  });

  test("invalid UTF-8 becomes U+FFFD", () => {
    expect(split(Buffer.from([0x61, 0xff, 0xc3, 0x0a, 0xe2, 0x82]))).toEqual(["a\ufffd\ufffd", "\ufffd"]);
  });

  test("the chunk may be reused by the caller: what is held is a copy", () => {
    const lines: string[] = [];
    const splitter = new LineSplitter({ line: (line) => lines.push(line) });
    const buffer = Buffer.from("half");
    splitter.push(buffer);
    buffer.fill("x");
    splitter.push(Buffer.from(" line\n"));
    expect(lines).toEqual(["half line"]);
  });
});

describe("a line that is too long", () => {
  const long = "x".repeat(MAX_LINE_BYTES);

  test("of just the longest length is whole", () => {
    expect(split(`${long}\nnext\n`)).toEqual([long, "next"]);
  });

  test("is cut and marked, and the next line is whole", () => {
    expect(split(`${long}yz\nnext\n`)).toEqual([long + MARK, "next"]);
  });

  test("is cut at the same place when it comes in pieces, and the rest of it is thrown away", () => {
    expect(split(long, "y", "z".repeat(MAX_LINE_BYTES * 3), "\nnext\n")).toEqual([long + MARK, "next"]);
  });

  test("without an end is one line, and what follows its end is a line again", () => {
    expect(split(long, long, long)).toEqual([long + MARK]);
    expect(split(long, long, "\n", "half")).toEqual([long + MARK, "half"]);
  });

  test("is passed on before it ends: nothing grows without bound", () => {
    const lines: string[] = [];
    const splitter = new LineSplitter({ line: (line) => lines.push(line) });
    splitter.push(Buffer.from(`${long}y`));
    expect(lines).toHaveLength(1);
  });
});

test("wherever the chunks are cut, the lines are the same", () => {
  const piece = fc.oneof(fc.constantFrom("\n", "\r\n", "ä€😀", "a"), fc.string({ unit: "binary" }));
  fc.assert(
    fc.property(fc.array(piece), fc.array(fc.nat()), (pieces, cuts) => {
      const bytes = Buffer.from(pieces.join(""));
      expect(split(...cutAt(bytes, cuts))).toEqual(split(bytes));
    }),
  );
});

test("whatever the bytes are, the lines are what the newlines separate", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat()), (array, cuts) => {
      const bytes = Buffer.from(array);
      const expected = bytes.toString("latin1").split("\n");
      if (expected.at(-1) === "") expected.pop();
      const lines = split(...cutAt(bytes, cuts));
      expect(lines).toEqual(
        expected.map((line) => Buffer.from(line.replace(/\r$/, ""), "latin1").toString("utf8")),
      );
    }),
  );
});
