import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Script } from "node:vm";
import { beforeEach, expect, test } from "vitest";
import { codePath, type Life, openBundles, readBundle } from "../../../src/precompiled/bundles.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const { path, write } = temporaryDirectory();

beforeEach(() => {
  write("main-part.js", 'const other = require("./other.js"); exports.answer = () => other.add(40);');
  write(
    "other.js",
    'exports.runs = (exports.runs ?? 0) + 1; exports.add = (n) => n + 2; require("node:os");',
  );
});

interface Part {
  answer: () => number;
}

function keep(life: Life, name: string, code: Buffer): void {
  const file = codePath(path, life, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code);
}

test("a bundle has its neighbours and what Node has, and is loaded once", () => {
  const load = openBundles(path, "first");
  expect((load("main-part") as Part).answer()).toBe(42);
  expect(load("other")).toBe(load("other"));
  expect(load("other")).toMatchObject({ runs: 1 });
});

test("what V8 made of it is used by the life that it was made for", () => {
  const scripts = new Map<string, Script>();
  const load = openBundles(path, "first", (name, script) => scripts.set(name, script));
  load("main-part");
  for (const [name, script] of scripts) keep("first", name, script.createCachedData());
  expect(readBundle(path, "first", "main-part").cachedDataRejected).toBe(false);
  expect(readBundle(path, "second", "main-part").cachedDataRejected).toBeUndefined();
  expect((openBundles(path, "first")("main-part") as Part).answer()).toBe(42);
});

test("code that is not V8's, or of another text, is compiled again", () => {
  // V8 looks at no code for a text that it has seen.
  write("spoilt.js", "exports.answer = () => 6;");
  keep("first", "spoilt", Buffer.from("no code"));
  expect(readBundle(path, "first", "spoilt").cachedDataRejected).toBe(true);
  expect((openBundles(path, "first")("spoilt") as Part).answer()).toBe(6);
  write("changed.js", "exports.answer = () => 'before';");
  keep("first", "changed", readBundle(path, "first", "changed").createCachedData());
  write("changed.js", "exports.answer = () => 7;");
  expect(readBundle(path, "first", "changed").cachedDataRejected).toBe(true);
  expect((openBundles(path, "first")("changed") as Part).answer()).toBe(7);
});

test("a library that is not there is reported as Node does, for libraries that can do without", () => {
  write("asks.js", 'try { require("pg-native"); } catch (error) { exports.code = error.code; }');
  expect(openBundles(path, "first")("asks")).toEqual({ code: "MODULE_NOT_FOUND" });
});
