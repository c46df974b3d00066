import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LARGE_NURSERY } from "../../src/base/node-options.ts";

test("the first program of the container starts Node with the option that V8's code was made for", () => {
  const program = readFileSync(new URL("../../docker/preload/djinit.c", import.meta.url), "utf8");
  const options = [...program.matchAll(/^ {4}"(--[^"]+)",$/gm)].map(([, option]) => option);
  expect(options).toEqual(["--disable-warning=ExperimentalWarning", "--disable-sigusr1", LARGE_NURSERY]);
});
