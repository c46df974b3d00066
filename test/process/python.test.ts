// The unit tests of python/, one here for each there.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pythonTools } from "../../tools/python/environment.ts";

interface Result {
  name: string;
  outcome: "passed" | "failed" | "skipped";
  text: string;
}

/** Errors: throws where pytest did not get to its tests. */
function runPytest(): Result[] {
  const directory = mkdtempSync(join(tmpdir(), "py-"));
  try {
    const results = join(directory, "results");
    const { python, env } = pythonTools();
    const { status, stdout, stderr } = spawnSync(
      python,
      [
        "-B",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--basetemp",
        join(directory, "t"),
        "python/tests",
      ],
      {
        cwd: join(import.meta.dirname, "../.."),
        env: { ...env, PYTEST_RESULTS: results },
        encoding: "utf8",
      },
    );
    // 0: all passed, 1: some failed.
    if (status !== 0 && status !== 1) throw new Error(`pytest ended with ${status}: ${stdout}${stderr}`);
    const lines = readFileSync(results, "utf8").trimEnd().split("\n");
    return lines.map((line) => JSON.parse(line) as Result);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

for (const { name, outcome, text } of runPytest()) {
  test(name, ({ skip }) => {
    if (outcome === "skipped") skip(text);
    expect(outcome, text).toBe("passed");
  });
}
