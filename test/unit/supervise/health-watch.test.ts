import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { HealthWatch } from "../../../src/supervise/readiness/health-watch.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

/** `answers`: undefined for a good one; the last one is repeated. */
async function watch(answers: (string | undefined)[]) {
  const clock = new VirtualClock();
  const said: string[] = [];
  let asked = 0;
  const question = async () => {
    const answer = answers[Math.min(asked, answers.length - 1)];
    asked += 1;
    return answer;
  };
  const health = new HealthWatch({ argv: [], periodMs: 30_000, timeoutMs: 1 }, clock, question, {
    onWell: () => said.push("well"),
    onIll: (why) => said.push(`ill: ${why}`),
    onRecovered: () => said.push("recovered"),
  });
  await setImmediate();
  const pass = async (ms: number) => {
    clock.advance(ms);
    await setImmediate();
  };
  return { health, said, pass, asked: () => asked };
}

test("until the first good answer it asks each second, and says why it is not well", async () => {
  const { health, said, pass, asked } = await watch(["no", "no", "no", "no", undefined]);
  expect(health.why).toBe("no");
  for (let second = 0; second < 3; second += 1) await pass(1_000);
  // It has not been well yet: there is nothing to be ill after.
  expect([said, health.ill]).toEqual([[], undefined]);
  await pass(1_000);
  expect([said, health.why, asked()]).toEqual([["well"], undefined, 5]);
});

test("three bad answers in a row count, one good one ends that", async () => {
  const { health, said, pass } = await watch([
    undefined,
    "no",
    "no",
    undefined,
    "a",
    "b",
    "c",
    "d",
    undefined,
  ]);
  for (let period = 0; period < 5; period += 1) await pass(30_000);
  expect([said, health.ill]).toEqual([["well"], undefined]);
  await pass(30_000);
  expect([said, health.ill]).toEqual([["well", "ill: c"], "c"]);
  await pass(30_000);
  expect([said.length, health.ill]).toEqual([2, "d"]);
  await pass(30_000);
  expect([said, health.ill]).toEqual([["well", "ill: c", "recovered"], undefined]);
});

test("between two commands there is the period, and after the end none", async () => {
  const { health, pass, asked } = await watch([undefined]);
  await pass(29_999);
  expect(asked()).toBe(1);
  await pass(1);
  expect(asked()).toBe(2);
  health.cancel();
  await pass(90_000);
  expect(asked()).toBe(2);
});
