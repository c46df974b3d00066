import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findManifest, makeManifest } from "../../../../src/boot/schema/manifest.ts";
import { temporaryDirectory } from "../../../support/temporary-directory.ts";

const { path: root } = temporaryDirectory();

/** A project with one migration, and the manifest that was made of it with these variables. */
function project(environment: Record<string, string> = {}) {
  const directory = mkdtempSync(join(root, "project-"));
  const migrations = join(directory, "migrations");
  mkdirSync(migrations);
  const first = join(migrations, "0001_initial.py");
  writeFileSync(first, "first");
  const code = join(directory, "settings.py");
  writeFileSync(code, "code");
  const dotenv = join(directory, ".env");
  const facts = {
    inputs: {
      files: [dotenv, code],
      migrations: [first],
      directories: [migrations],
      variables: ["WITH_SHOP"],
    },
    migrations: [{ app: "a", name: "0001_initial", replaces: [], dependencies: [] }],
    needs_django: [],
  };
  const path = join(directory, "manifest.json");
  writeFileSync(path, JSON.stringify(makeManifest(facts, environment)));
  const find = (given: Record<string, string> = {}, paths = [path]) => findManifest(given, paths);
  return { directory, code, migrations, first, dotenv, path, facts, find };
}

test("one that fits is trusted, whatever else there is", () => {
  const { facts, find } = project();
  expect(find({ SECRET_KEY: "x" })).toMatchObject({ manifest: { facts } });
});

test.each<[string, (it: ReturnType<typeof project>) => void, RegExp]>([
  [
    "a migration was added",
    ({ migrations }) => writeFileSync(join(migrations, "0002.py"), ""),
    /migrations\/ is not/,
  ],
  ["a migration was removed", ({ first }) => rmSync(first), /0001_initial\.py is not/],
  [
    "a migration was changed",
    ({ first }) => writeFileSync(first, "first and second"),
    /0001_initial\.py is not/,
  ],
  ["code was changed, to the same length", ({ code }) => writeFileSync(code, "cOde"), /settings\.py is not/],
  ["a file that was not there is", ({ dotenv }) => writeFileSync(dotenv, "A=1"), /\.env is not/],
  ["a directory is gone", ({ migrations }) => rmSync(migrations, { recursive: true }), /is not/],
])("stale: %s", (_, change, reason) => {
  const made = project();
  change(made);
  const found = made.find();
  expect(found.manifest).toBeUndefined();
  expect(found.stale).toMatchObject({ path: made.path, reason: expect.stringMatching(reason) });
});

test("compiled files are of no interest", () => {
  const made = project();
  mkdirSync(join(made.migrations, "__pycache__"));
  expect(made.find().manifest).toBeDefined();
});

test("a variable that decides has another value, or none; its value is in no manifest", () => {
  const { find, path } = project({ WITH_SHOP: "hunter2" });
  expect(find({ WITH_SHOP: "hunter2" }).manifest).toBeDefined();
  for (const given of [{}, { WITH_SHOP: "1" }] as Record<string, string>[])
    expect(find(given).stale?.reason).toContain("variable WITH_SHOP");
  expect(readFileSync(path, "utf8")).not.toContain("hunter2");
});

test("one that cannot be read is stale, one that is not there is not; the first that fits is used", () => {
  const { directory, path, find } = project();
  const broken = join(directory, "broken.json");
  writeFileSync(broken, '{"format":1}');
  expect(find({}, [broken])).toEqual({ stale: { path: broken, reason: "it cannot be read" } });
  expect(find({}, [join(directory, "nowhere.json")])).toEqual({});
  expect(find({}, [broken, path]).manifest).toBeDefined();
});

test("an input that is a device is not read for ever", () => {
  const { dotenv, find } = project();
  symlinkSync("/dev/zero", dotenv);
  expect(find().stale?.reason).toContain(".env");
});
