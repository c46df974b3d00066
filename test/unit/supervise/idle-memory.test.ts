import { expect, test } from "vitest";
import { keepHeapSmall, keepMemorySmall } from "../../../src/supervise/memory/idle-memory.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

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

test("while it is loud, garbage is looked after by volume", () => {
  const clock = new VirtualClock();
  const sink = { written: 0 };
  let collections = 0;
  keepHeapSmall(sink, clock, () => {
    collections += 1;
  });
  const pass = (seconds: number, length: number) => {
    for (let i = 0; i < seconds; i += 1) {
      sink.written += length;
      clock.advance(1_000);
    }
    return collections;
  };
  expect(pass(8, 500_000)).toBe(0);
  expect(pass(12, 500_000)).toBe(2);
  // Four times a second at most.
  sink.written += 500_000_000;
  clock.advance(249);
  expect(collections).toBe(2);
  clock.advance(1);
  expect(collections).toBe(3);
  expect(pass(5, 500_000_000)).toBe(8);
  expect(pass(100, 0)).toBe(8);
});
