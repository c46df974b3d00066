import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isUndated } from "../../../src/boot/files/undated.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "djinit-test-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function make(name: string, seconds?: number): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), name);
  if (seconds !== undefined) utimesSync(join(root, name), seconds, seconds);
}

test.each([0, 1, 315_532_801, 499_162_500])(
  "all files are of %d s after 1970: they have no time",
  (seconds) => {
    for (const name of ["a.css", "b/c.js", "b/d/e.png"]) make(name, seconds);
    symlinkSync("/etc/passwd", join(root, "link"));
    expect(isUndated(root)).toBe(true);
  },
);

test("one that has a time, in whatever directory, says that they have", () => {
  make("a.css", 0);
  make("b/c/d.js");
  expect(isUndated(root)).toBe(false);
});

test("what is not there, or has no file, has no lack of times", () => {
  mkdirSync(join(root, "empty"));
  expect([isUndated(root), isUndated(join(root, "no/such"))]).toEqual([false, false]);
});

test("a large tree is not walked to its end", () => {
  for (let at = 0; at < 100; at += 1) make(`a/${at}.css`, 0);
  make("a/b/c/later.css");
  expect(isUndated(root)).toBe(true);
});
