import { describe, expect, test } from "vitest";
import { answerLater } from "../../../../src/boot/status/answer-later.ts";
import { VirtualClock } from "../../../support/virtual-clock.ts";

const FDS = { control: 10, http: 11 };

/** A boot whose answers have `left` connections open. */
function booting(failure?: Error) {
  const clock = new VirtualClock();
  const warned: string[] = [];
  const silent = () => {};
  const warn = (_: object, msg: string) => void warned.push(msg);
  const boot = { clock, warned, opened: 0, left: 0 };
  const open = async () => {
    boot.opened += 1;
    if (failure !== undefined) throw failure;
    return { fds: FDS, open: () => boot.left };
  };
  const later = answerLater(open, { debug: silent, info: silent, warn, error: silent }, clock);
  return Object.assign(boot, { later });
}

/** With turns in between, in which promises go on. */
async function pass(clock: VirtualClock, ms: number): Promise<void> {
  const stepMs = 5;
  for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
    clock.advance(Math.min(stepMs, ms - passedMs));
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

describe("a boot", () => {
  test("that is over within a second opens nothing, then or later", async () => {
    const boot = booting();
    await pass(boot.clock, 999);
    expect(await boot.later.handOver()).toEqual({});
    await pass(boot.clock, 5_000);
    expect(boot.opened).toBe(0);
  });

  test("that takes longer hands its sockets over when the last question is answered", async () => {
    const boot = booting();
    boot.left = 1;
    await pass(boot.clock, 1_000);
    expect(boot.opened).toBe(1);
    let isOver = false;
    const handedOver = boot.later.handOver().finally(() => {
      isOver = true;
    });
    await pass(boot.clock, 100);
    expect(isOver).toBe(false);
    boot.left = 0;
    await pass(boot.clock, 5);
    expect(await handedOver).toEqual(FDS);
  });

  test("is not held up by a client that says nothing", async () => {
    const boot = booting();
    boot.left = 1;
    await pass(boot.clock, 1_000);
    const handedOver = boot.later.handOver();
    await pass(boot.clock, 205);
    expect(await handedOver).toEqual(FDS);
  });

  test("goes on where nothing can be opened, and says so", async () => {
    const boot = booting(new Error("no descriptor is left"));
    await pass(boot.clock, 1_000);
    expect(await boot.later.handOver()).toEqual({});
    expect(boot.warned).toEqual(["cannot answer while the container boots: no descriptor is left"]);
  });
});
