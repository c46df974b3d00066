import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs, RESTART_WINDOW_MS, recentRestarts } from "../../../src/supervise/restart-policy.ts";

test("the delay doubles from 200 ms up to 10 s", () => {
  const delays = [0, 1, 2, 3, 4, 5, 6, 7, 100].map((attempt) => backoffMs(attempt, 0));
  expect(delays).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000]);
});

test("chance takes up to a fifth off, and nothing else", () => {
  expect(backoffMs(0, 1)).toBe(160);
  expect(backoffMs(50, 1)).toBe(8_000);
  fc.assert(
    fc.property(fc.nat(2_000), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
      const longest = backoffMs(attempt, 0);
      const delay = backoffMs(attempt, random);
      expect(Number.isInteger(delay)).toBe(true);
      expect(delay).toBeGreaterThanOrEqual(longest * 0.8);
      expect(delay).toBeLessThanOrEqual(longest);
    }),
  );
});

test("a restart counts for 60 s", () => {
  expect(RESTART_WINDOW_MS).toBe(60_000);
  expect(recentRestarts([0, 1, 59_999], 60_000)).toEqual([1, 59_999]);
  expect(recentRestarts([], 5)).toEqual([]);
});
