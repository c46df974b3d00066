import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Confinement } from "../../../src/base/confinement.ts";
import { confinementWords } from "../../../src/platform/confinement/rules.ts";

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "djinit-test-")));
});
afterEach(() => rmSync(root, { recursive: true }));

function words(given: Partial<Confinement>): string[] {
  const none = { reads: [], lists: [], linked: [], writes: [], creates: [] };
  const all = confinementWords({ kind: "nginx", appDirectory: join(root, "app"), ...none, ...given });
  return all.slice(1, -1).map((word) => word.replace(`${root}/`, ""));
}

function make(...names: string[]): void {
  for (const name of names) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), "");
  }
}

test("what is not there has no rule, and has one once it is", () => {
  const given = { reads: [join(root, "media")], writes: [join(root, "cache")] };
  expect(words(given)).toEqual([]);
  make("media/a", "cache/a");
  expect(words(given)).toEqual(["r=media", "w=cache"]);
});

test("links of collectstatic lead to the directories that mirror those of the static files", () => {
  make("lib/site/css/base.css", "app/shop/static/shop/a.js", "static/plain.css");
  mkdirSync(join(root, "static/css"));
  mkdirSync(join(root, "static/shop"));
  symlinkSync(join(root, "lib/site/css/base.css"), join(root, "static/css/base.css"));
  symlinkSync(join(root, "app/shop/static/shop/a.js"), join(root, "static/shop/a.js"));
  const found = words({ reads: [join(root, "static")], linked: [join(root, "static")] });
  expect(found.toSorted()).toEqual(["r=app/shop/static", "r=lib/site", "r=static"]);
});

test("no link opens the project's directory, or one of the system's", () => {
  make("app/.env", "app/settings.py", "static/a");
  symlinkSync(join(root, "app/.env"), join(root, "static/.env"));
  symlinkSync("/etc/passwd", join(root, "static/passwd"));
  symlinkSync("/etc", join(root, "static/etc"));
  symlinkSync(root, join(root, "static/up"));
  expect(words({ linked: [join(root, "static")] })).toEqual([]);
});
