import { expect, test } from "vitest";
import type { TestModule } from "vitest/node";
import { closingLine, countResults, withStatus } from "../../support/reporter.ts";

/** The little of a test module that the count looks at. */
function moduleOf(states: string[], { errors = 0, suiteErrors = 0, ok = true } = {}): TestModule {
  const listOf = (length: number) => Array.from({ length }, () => ({}));
  return {
    errors: () => listOf(errors),
    ok: () => ok,
    children: {
      allSuites: () => [{ errors: () => listOf(suiteErrors) }],
      allTests: () => states.map((state) => ({ result: () => ({ state }) })),
    },
  } as unknown as TestModule;
}

test("counts test cases", () => {
  const count = countResults(
    [moduleOf(["passed", "skipped"]), moduleOf(["passed", "failed"], { ok: false })],
    0,
  );
  expect(closingLine(count)).toBe("2 passed, 1 failed, 1 skipped");
});

test.each([
  ["a file that does not load", [moduleOf([], { errors: 1, ok: false })], 0],
  ["a hook that fails", [moduleOf(["passed"], { suiteErrors: 1, ok: false })], 0],
  ["an error outside of all tests", [moduleOf(["passed"])], 1],
  ["a test that got lost", [moduleOf(["pending"])], 0],
  ["a file that is not well for a reason of its own", [moduleOf(["passed"], { ok: false })], 0],
])("counts as failed: %s", (_, modules, unhandledErrors) => {
  expect(countResults(modules, unhandledErrors).failed).toBe(1);
});

test("a status other than 0 is a failure even where no test has failed", () => {
  expect(withStatus({ passed: 3, failed: 0, skipped: 0 }, 1).failed).toBe(1);
  expect(withStatus({ passed: 3, failed: 2, skipped: 0 }, 1).failed).toBe(2);
  expect(withStatus({ passed: 3, failed: 0, skipped: 0 }, 0).failed).toBe(0);
});
