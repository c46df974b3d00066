import { describe, expect, test } from "vitest";
import { until, within } from "../../../src/base/clock.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

/** What waits for a resolved promise has gone on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

describe("until", () => {
  /** Looks every 10 ms for 35 ms at most. */
  function looking() {
    const clock = new VirtualClock();
    const state = { looks: 0, isDone: false, result: undefined as boolean | undefined };
    const look = (): boolean => {
      state.looks += 1;
      return state.isDone;
    };
    until(clock, 10, 35, look).then((result) => {
      state.result = result;
    });
    const pass = async (ms: number): Promise<void> => {
      clock.advance(ms);
      await settle();
    };
    return { state, pass };
  }

  test("what is so already is true without a wait", async () => {
    const clock = new VirtualClock();
    expect(await until(clock, 10, 0, () => true)).toBe(true);
  });

  test("looks at once, and again after each period", async () => {
    const { state, pass } = looking();
    expect(state.looks).toBe(1);
    await pass(9);
    expect(state.looks).toBe(1);
    await pass(1);
    expect(state.looks).toBe(2);
    state.isDone = true;
    await pass(10);
    expect(state).toMatchObject({ looks: 3, result: true });
  });

  test("gives up at the limit, after a last look", async () => {
    const { state, pass } = looking();
    await pass(10);
    await pass(10);
    await pass(10);
    expect(state.result).toBeUndefined();
    await pass(10);
    expect(state).toMatchObject({ looks: 5, result: false });
  });

  test("a limit that is reached to the millisecond is over", async () => {
    const clock = new VirtualClock();
    const result = until(clock, 10, 10, () => false);
    clock.advance(10);
    await settle();
    // A further period would have to pass.
    clock.advance(0);
    expect(await result).toBe(false);
  });
});

describe("within", () => {
  test("ends with the promise, and leaves no timer behind", async () => {
    const clock = new VirtualClock();
    let cancelled = false;
    const watched = {
      monotonicMs: () => clock.monotonicMs(),
      after: (delayMs: number, callback: () => void) => {
        const cancel = clock.after(delayMs, callback);
        return () => {
          cancelled = true;
          cancel();
        };
      },
    };
    await within(watched, 1_000, Promise.resolve());
    expect(cancelled).toBe(true);
  });

  test("ends after the limit where the promise does not", async () => {
    const clock = new VirtualClock();
    let isOver = false;
    within(clock, 1_000, new Promise(() => {})).then(() => {
      isOver = true;
    });
    clock.advance(999);
    await settle();
    expect(isOver).toBe(false);
    clock.advance(1);
    await settle();
    expect(isOver).toBe(true);
  });
});
