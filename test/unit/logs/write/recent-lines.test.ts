import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keepRecent, RecentLines } from "../../../../src/logs/write/recent-lines.ts";
import type { Sink } from "../../../../src/logs/write/sink.ts";

describe("the last lines", () => {
  test("are there as they were written, until the room is used up", () => {
    const recent = new RecentLines(20);
    recent.push("one\n");
    recent.push("two\nthree\n");
    expect(recent.snapshot().toString()).toBe("one\ntwo\nthree\n");
    recent.push("fourteen\n");
    expect(recent.snapshot().toString()).toBe("two\nthree\nfourteen\n");
  });

  test("a line that is longer than the room is not there at all, and does no harm", () => {
    const recent = new RecentLines(10);
    recent.push("one\n");
    recent.push(`${"x".repeat(50)}\n`);
    expect(recent.snapshot().toString()).toBe("");
    recent.push("two\n");
    expect(recent.snapshot().toString()).toBe("two\n");
  });

  test("whatever is written, what is shown is whole lines from the end of it", () => {
    const line = fc
      .string({ maxLength: 30, unit: "grapheme" })
      .map((text) => `${text.replaceAll("\n", "")}\n`);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), fc.integer({ min: 8, max: 300 }), (lines, size) => {
        const recent = new RecentLines(size);
        // As text and as bytes in turn.
        for (const [at, text] of lines.entries())
          if (at % 2 === 0) recent.push(text);
          else recent.pushBytes(Buffer.from(`ab${text}c`), 2, 2 + Buffer.byteLength(text));
        const shown = recent.snapshot().toString();
        expect(lines.join("").endsWith(shown)).toBe(true);
        expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(size);
        const before = lines.join("").slice(0, lines.join("").length - shown.length);
        expect(before === "" || before.endsWith("\n")).toBe(true);
        // No more is left out than it takes: the next line would not fit, or lies across the seam.
        const next = before.split("\n").at(-2);
        if (next !== undefined) expect(Buffer.byteLength(`${next}\n${shown}`)).toBeGreaterThan(size - 31 * 4);
      }),
    );
  });

  test("bytes are copied, and those who follow hear them as text", () => {
    const recent = new RecentLines(12);
    const heard: string[] = [];
    recent.follow((text) => heard.push(text));
    const bytes = Buffer.from("-brötchen\n-");
    for (let i = 0; i < 3; i += 1) recent.pushBytes(bytes, 1, bytes.length - 1);
    bytes.fill("x");
    expect(recent.snapshot().toString()).toBe("brötchen\n");
    expect(heard).toEqual(Array(3).fill("brötchen\n"));
  });

  test("room that is used up exactly is used anew", () => {
    const recent = new RecentLines(8);
    for (const text of ["one\n", "two\n"]) recent.pushBytes(Buffer.from(text), 0, 4);
    expect(recent.snapshot().toString()).toBe("one\ntwo\n");
    recent.pushBytes(Buffer.from("six\n"), 0, 4);
    // The line before the seam may be cut, and cannot be told from one that is whole.
    expect(recent.snapshot().toString()).toBe("six\n");
  });

  test("256 KiB are kept, and no more", () => {
    const recent = new RecentLines();
    const line = `${"x".repeat(1_023)}\n`;
    for (let i = 0; i < 1_000; i += 1) recent.push(line);
    expect(recent.snapshot().length).toBe(255 * 1_024);
  });

  test("a sink that keeps what is written writes it as well, and is otherwise the same", () => {
    const recent = new RecentLines();
    const calls: unknown[][] = [];
    const note =
      (name: string, result?: unknown) =>
      (...args: unknown[]) => {
        calls.push([name, ...args]);
        return result;
      };
    const sink = {
      policy: {},
      congested: true,
      written: 7,
      write: note("write"),
      writeBytes: note("writeBytes"),
      feedFrom: note("feedFrom", "stop"),
      trim: note("trim"),
      flush: note("flush", "flushed"),
    };
    const kept = keepRecent(sink as unknown as Sink, recent);
    expect([kept.policy, kept.congested, kept.written]).toEqual([sink.policy, true, 7]);
    const bytes = Buffer.from("-two\n");
    kept.write("one\n");
    kept.writeBytes(bytes, 1, 5);
    kept.trim();
    expect([kept.feedFrom(process.stdin), kept.flush(5)]).toEqual(["stop", "flushed"]);
    expect(recent.snapshot().toString()).toBe("one\ntwo\n");
    expect(calls).toEqual([
      ["write", "one\n"],
      ["writeBytes", bytes, 1, 5],
      ["trim"],
      ["feedFrom", process.stdin],
      ["flush", 5],
    ]);
  });

  test("who follows hears all that comes from then on, until they have had enough", () => {
    const recent = new RecentLines();
    recent.push("before\n");
    const heard: string[] = [];
    const stop = recent.follow((text) => heard.push(text));
    recent.push("a\n");
    recent.push("b\n");
    stop();
    recent.push("after\n");
    expect(heard).toEqual(["a\n", "b\n"]);
  });
});
