import { expect, test } from "vitest";
import { eventually } from "../../support/eventually.ts";

test("gives the first value that is neither an error nor false", async () => {
  const answers = [() => Promise.reject(new Error("no")), () => false as const, () => 7];
  expect(await eventually(() => answers.shift()?.() ?? 0, { intervalMs: 1 })).toBe(7);
});

test("tells the last failure and what is attached", async () => {
  const attempt = () => Promise.reject(new Error("still closed"));
  const options = { what: "the door opens", timeoutMs: 5, intervalMs: 1, attach: async () => "its log" };
  await expect(eventually(attempt, options)).rejects.toThrow(
    "not within 5 ms: the door opens: still closed\nits log",
  );
});
