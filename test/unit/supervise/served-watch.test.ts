import { expect, test } from "vitest";
import { watchServed } from "../../../src/supervise/reload/served-watch.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

/** What it does when the clock stands still: the next look is planned once nginx has been renewed. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function watch(facts: { ready: boolean; hasMoved: boolean }, stays = false) {
  const clock = new VirtualClock();
  const renewedMs: number[] = [];
  const service = {
    get ready() {
      return facts.ready;
    },
    hasMoved: async () => facts.hasMoved,
  };
  const cancel = watchServed([service], clock, async () => {
    renewedMs.push(clock.monotonicMs());
    if (!stays) facts.hasMoved = false;
  });
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(1_000);
      await settle();
    }
  };
  return { renewedMs, pass, cancel };
}

test("it is renewed once for what has moved, and not before it is ready", async () => {
  const facts = { ready: false, hasMoved: true };
  const { renewedMs, pass, cancel } = watch(facts);
  await pass(10);
  expect(renewedMs).toEqual([]);
  facts.ready = true;
  await pass(10);
  expect(renewedMs).toEqual([12_000]);
  facts.hasMoved = true;
  await pass(10);
  expect(renewedMs).toHaveLength(2);
  cancel();
  facts.hasMoved = true;
  await pass(600);
  expect(renewedMs).toHaveLength(2);
});

test("what moves all the time renews it ever less often, and often again after a calm", async () => {
  const facts = { ready: true, hasMoved: true };
  const { renewedMs, pass } = watch(facts, true);
  await pass(3_600);
  expect(renewedMs.slice(0, 4)).toEqual([2_000, 6_000, 14_000, 30_000]);
  expect(renewedMs.length).toBeLessThan(20);
  facts.hasMoved = false;
  await pass(700);
  const before = renewedMs.length;
  facts.hasMoved = true;
  await pass(3);
  expect(renewedMs).toHaveLength(before + 1);
});

test("a file system that does not answer is waited for, and asked no second time meanwhile", async () => {
  const clock = new VirtualClock();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let asked = 0;
  let renewed = 0;
  const hasMoved = (): Promise<boolean> => {
    asked += 1;
    return asked === 1 ? promise : Promise.resolve(false);
  };
  watchServed([{ ready: true, hasMoved }], clock, async () => {
    renewed += 1;
  });
  for (let passed = 0; passed < 60; passed += 1) {
    clock.advance(1_000);
    await settle();
  }
  expect([asked, renewed]).toEqual([1, 0]);
  resolve(true);
  await settle();
  expect(renewed).toBe(1);
  clock.advance(4_000);
  await settle();
  expect(asked).toBe(2);
});
