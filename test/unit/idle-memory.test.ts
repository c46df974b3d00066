import { expect, test } from "vitest";
import { keepMemorySmall } from "../../src/supervise/idle-memory.ts";
import { VirtualClock } from "./virtual-clock.ts";

test("memory is trimmed once after the start, then only in the quiet after a burst", () => {
  const clock = new VirtualClock();
  let sinkTrims = 0;
  const sink = {
    written: 0,
    trim: () => {
      sinkTrims += 1;
    },
  };
  let trims = 0;
  keepMemorySmall(sink, clock, () => {
    trims += 1;
  });
  /** Periods in which so much is written. */
  const pass = (periods: number, length: number) => {
    for (let i = 0; i < periods; i += 1) {
      sink.written += length;
      clock.advance(5_000);
    }
    return trims;
  };
  // The start is loud: not while it is.
  expect(pass(1, 100_000)).toBe(0);
  expect(pass(1, 100)).toBe(1);
  expect(pass(100, 100)).toBe(1);
  expect(pass(5, 500_000)).toBe(1);
  expect(pass(1, 0)).toBe(2);
  expect(pass(100, 0)).toBe(2);
  expect(sinkTrims).toBe(2);
});
