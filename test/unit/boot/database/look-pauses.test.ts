import { expect, test } from "vitest";
import { lookPauses } from "../../../../src/boot/database/look-pauses.ts";
import { VirtualClock } from "../../../support/virtual-clock.ts";

/** The pauses of a wait whose looks take `lookMs`, and how long it has lasted at each. */
function pausesFor(totalMs: number, lookMs: number): { atMs: number; pauseMs: number }[] {
  const clock = new VirtualClock();
  const pauses = lookPauses(clock);
  const taken = [];
  while (clock.monotonicMs() < totalMs) {
    clock.advance(lookMs);
    const pauseMs = pauses.nextMs(lookMs);
    taken.push({ atMs: clock.monotonicMs(), pauseMs });
    clock.advance(pauseMs);
  }
  return taken;
}

test("they begin short, and never make a wait of more than twenty seconds a twentieth longer", () => {
  const [first, second] = pausesFor(600_000, 1);
  expect([first?.pauseMs, second?.pauseMs]).toEqual([100, 120]);
  for (const { atMs, pauseMs } of pausesFor(600_000, 1))
    expect(Math.floor(pauseMs)).toBeLessThanOrEqual(Math.max(1_000, atMs / 20));
});

test("they end at five seconds", () => {
  expect(pausesFor(600_000, 1).at(-1)?.pauseMs).toBe(5_000);
  expect(Math.max(...pausesFor(600_000, 2_000).map(({ pauseMs }) => pauseMs))).toBe(5_000);
});

test("a server that is slow to answer is asked less often, from the first look on", () => {
  expect(pausesFor(1, 60)[0]?.pauseMs).toBe(1_200);
  expect(pausesFor(1, 4)[0]?.pauseMs).toBe(100);
});
