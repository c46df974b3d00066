import { expect, test } from "vitest";
import { ReloadQueue } from "../../../src/supervise/reload/reload-queue.ts";

/** A queue whose reloads end when the test says so. */
function queue() {
  const underWay: (() => void)[] = [];
  let begun = 0;
  const made = new ReloadQueue(async () => {
    begun += 1;
    await new Promise<void>((resolve) => underWay.push(resolve));
  });
  const end = async () => {
    underWay.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { made, end, begun: () => begun };
}

test("however many ask while one runs, one more follows it", async () => {
  const { made, end, begun } = queue();
  expect(made.ask()).toBe("begins");
  expect([made.ask(), made.ask(), made.ask()]).toEqual(["waits", "joins", "joins"]);
  expect(begun()).toBe(1);
  await end();
  expect(begun()).toBe(2);
  await end();
  expect(begun()).toBe(2);
});

test("who asks during the second one gets a third; who asks after all of them begins anew", async () => {
  const { made, end, begun } = queue();
  made.ask();
  made.ask();
  await end();
  expect(made.ask()).toBe("waits");
  await end();
  expect(begun()).toBe(3);
  await end();
  expect(made.ask()).toBe("begins");
  expect(begun()).toBe(4);
});
