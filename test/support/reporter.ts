import { writeSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Ends the output with `N passed, N failed, N skipped` and nothing else on that line. Test cases are counted; a file or
 * a suite that cannot be loaded, a hook that fails, and an error outside of all tests count as failed too.
 */
export default class ClosingLine implements Reporter {
  // What is true of a run that never gets to its end.
  #count: Count = { passed: 0, failed: 1, skipped: 0 };

  onInit(): void {
    // After every other reporter and every teardown has had its say.
    process.once("exit", (status) => writeSync(1, `${closingLine(withStatus(this.#count, status))}\n`));
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    this.#count = countResults(modules, unhandledErrors.length);
  }
}

export function closingLine({ passed, failed, skipped }: Count): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** A run that ends with another status than 0 has failed, even if no test has: its global setup, for instance. */
export function withStatus(count: Count, status: number): Count {
  return status !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count;
}

/** Errors outside of test cases are added to `failed`. */
export function countResults(modules: readonly TestModule[], unhandledErrors: number): Count {
  const count: Count = { passed: 0, failed: unhandledErrors, skipped: 0 };
  for (const module of modules) {
    const failedBefore = count.failed;
    count.failed += module.errors().length;
    for (const suite of module.children.allSuites()) count.failed += suite.errors().length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      // A test that is still pending when the run is over was lost on the way.
      count[state === "pending" ? "failed" : state] += 1;
    }
    // Whatever else may be wrong with a file: it must not pass for a good one.
    if (!module.ok() && count.failed === failedBefore) count.failed += 1;
  }
  return count;
}
