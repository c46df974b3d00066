import { expect, test } from "vitest";
import { Escalation } from "../../../src/boot/escalation.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

function start(pid: number | undefined) {
  const clock = new VirtualClock();
  const sent: [number, number, string][] = [];
  const escalation = new Escalation(clock, pid, (...it) => sent.push([clock.monotonicMs(), ...it]));
  return { clock, sent, escalation };
}

test("TERM, and KILL for what has not ended in time", () => {
  const { clock, sent, escalation } = start(7);
  escalation.begin(5_000);
  clock.advance(4_999);
  expect(escalation.hasKilled).toBe(false);
  clock.advance(1);
  expect(sent).toEqual([
    [0, 7, "SIGTERM"],
    [5_000, 7, "SIGKILL"],
  ]);
  expect(escalation.hasKilled).toBe(true);
});

test("nothing is sent to a process that has ended", () => {
  const { clock, sent, escalation } = start(7);
  escalation.begin(5_000);
  escalation.finish();
  clock.advance(10_000);
  escalation.begin(5_000);
  clock.advance(10_000);
  expect(sent).toEqual([[0, 7, "SIGTERM"]]);
  expect(escalation.hasKilled).toBe(false);
});

test("nothing is sent where nothing was started", () => {
  const { clock, sent, escalation } = start(undefined);
  escalation.begin(5_000);
  clock.advance(10_000);
  expect([sent, escalation.hasKilled]).toEqual([[], false]);
});
