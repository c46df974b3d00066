import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RecentLines } from "../../../../src/logs/write/recent-lines.ts";

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
        for (const text of lines) recent.push(text);
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
