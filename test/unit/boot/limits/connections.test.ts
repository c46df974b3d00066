import { expect, test } from "vitest";
import { connectionsFor, openFilesLimit } from "../../../../src/boot/limits/connections.ts";

test.each([
  [Number.POSITIVE_INFINITY, 4_096],
  [1_048_576, 4_096],
  [4_696, 4_096],
  [4_096, 3_496],
  [1_024, 768],
])("of %d files that may be open, %d may be connections", (files, connections) => {
  expect(connectionsFor(files)).toBe(connections);
});

test.each([
  ["1024                 524288               files", 1_024],
  ["unlimited            unlimited            files", Number.POSITIVE_INFINITY],
])("the kernel says %j: %d", (words, limit) => {
  expect(openFilesLimit(`Max processes  7  7  processes\nMax open files            ${words} \n`)).toBe(limit);
  expect(openFilesLimit()).toBeGreaterThan(255);
});
