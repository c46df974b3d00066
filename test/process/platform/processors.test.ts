import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { readProcessors } from "../../../src/platform/cgroup/processors.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

function processors(files: Record<string, string>): number {
  const { path, write } = temporaryDirectory();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(`${path}/${name}`), { recursive: true });
    write(name, content);
  }
  return readProcessors({ mount: path, own: "" }, 8);
}

describe("the processors of a container", () => {
  test.each([
    ["200000 100000\n", 2],
    ["150000 100000\n", 2],
    ["10000 100000\n", 1],
    ["5000 1000\n", 5],
    ["max 100000\n", 8],
    // More than the cpuset has.
    ["1600000 100000\n", 8],
    ["", 8],
  ])("by version 2: %j is %i", (content, expected) => {
    expect(processors({ "cpu.max": content })).toBe(expected);
  });

  test.each([
    ["300000\n", 3],
    ["-1\n", 8],
  ])("by version 1: %j is %i", (quota, expected) => {
    expect(processors({ "cpu/cpu.cfs_quota_us": quota, "cpu/cpu.cfs_period_us": "100000\n" })).toBe(expected);
  });

  test("without a cgroup, all that there are", () => {
    expect(processors({})).toBe(8);
    expect(readProcessors({ mount: "/nonexistent", own: "" })).toBeGreaterThan(0);
  });
});
