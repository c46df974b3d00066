import { expect, test } from "vitest";
import { cacheSize } from "../../../../src/boot/limits/cache.ts";

const MIB = 1024 ** 2;

test.each([
  ["as much as is asked for", 100, 1_000, 100],
  ["half of what is free", 100, 40, 20],
  ["a little, however full it is", 100, 0, 1],
  ["what is asked for, exactly twice of which is free", 100, 200, 100],
])("%s", (_, wanted, free, size) => {
  expect(cacheSize(wanted * MIB, free * MIB)).toBe(size * MIB);
});
