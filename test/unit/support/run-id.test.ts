import { expect, test } from "vitest";
import { isAlive, runIdOf } from "../../support/run-id.ts";

test("a run is alive as long as its process", () => {
  const own = runIdOf(process.pid) as string;
  expect(own).toMatch(/^\d+-\d+$/);
  expect(isAlive(own)).toBe(true);
});

test("a PID that has been given to another process does not keep a run alive", () => {
  expect(isAlive(`${process.pid}-1`)).toBe(false);
  expect(isAlive("4194305-1")).toBe(false);
  expect(isAlive("")).toBe(false);
});
