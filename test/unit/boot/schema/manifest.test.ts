import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findManifests, fittingManifest, makeManifest } from "../../../../src/boot/schema/manifest.ts";
import { temporaryDirectory } from "../../../support/temporary-directory.ts";

const { path: root } = temporaryDirectory();

/** A project with one migration, and the manifest that was made of it with these variables. */
function project(environment: Record<string, string> = {}) {
  const directory = mkdtempSync(join(root, "project-"));
  const migrations = join(directory, "migrations");
  mkdirSync(migrations);
  const first = join(migrations, "0001_initial.py");
  writeFileSync(first, "first");
  const code = join(directory, "apps.py");
  writeFileSync(code, "code");
  const settings = join(directory, "settings.py");
  writeFileSync(settings, "settings");
  const dotenv = join(directory, ".env");
  const facts = {
    inputs: {
      files: [code],
      migrations: [first],
      directories: [migrations],
    },
    settings: {
      files: [dotenv, settings],
      variables: ["WITH_SHOP"],
      unproven: [],
      values: { INSTALLED_APPS: ["a"], AUTH_USER_MODEL: "auth.User" },
      takes_url: true,
    },
    migrations: [{ app: "a", name: "0001_initial", replaces: [], dependencies: [] }],
    needs_django: [],
  };
  const path = join(directory, "manifest.json");
  writeFileSync(path, JSON.stringify(makeManifest(facts, environment)));
  const find = (given: Record<string, string> = {}, paths = [path]) => findManifests(given, paths);
  return { directory, code, settings, migrations, first, dotenv, path, facts, find };
}

test("one that fits is trusted, whatever else there is", () => {
  const { facts, path, find } = project();
  expect(find({ SECRET_KEY: "x" })).toEqual({
    candidates: [{ path, manifest: expect.objectContaining({ facts }) }],
  });
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
  ["code was changed, to the same length", ({ code }) => writeFileSync(code, "cOde"), /apps\.py is not/],
  ["a directory is gone", ({ migrations }) => rmSync(migrations, { recursive: true }), /is not/],
])("stale, whatever the settings are: %s", (_, change, reason) => {
  const made = project();
  change(made);
  expect(made.find()).toEqual({
    candidates: [],
    stale: { path: made.path, reason: expect.stringMatching(reason) },
  });
});

test.each<[string, (it: ReturnType<typeof project>) => void, RegExp]>([
  ["they were changed", ({ settings }) => writeFileSync(settings, "sEttings"), /settings\.py$/],
  ["a file that was not there is", ({ dotenv }) => writeFileSync(dotenv, "A=1"), /\.env$/],
  [
    "a file is a device, which is not read for ever",
    ({ dotenv }) => symlinkSync("/dev/zero", dotenv),
    /\.env$/,
  ],
])("the values of the settings have to be compared: %s", (_, change, reason) => {
  const made = project();
  change(made);
  const { candidates, stale } = made.find();
  expect(stale).toBeUndefined();
  expect(candidates).toMatchObject([{ unproven: expect.stringMatching(reason) }]);
});

test("compiled files are of no interest", () => {
  const made = project();
  mkdirSync(join(made.migrations, "__pycache__"));
  expect(made.find().candidates).toMatchObject([{ path: made.path }]);
});

test("a variable that decides has another value, or none; its value is in no manifest", () => {
  const { find, path } = project({ WITH_SHOP: "hunter2" });
  expect(find({ WITH_SHOP: "hunter2" }).candidates[0]?.unproven).toBeUndefined();
  for (const given of [{}, { WITH_SHOP: "1" }] as Record<string, string>[])
    expect(find(given).candidates[0]?.unproven).toBe("variable WITH_SHOP");
  expect(readFileSync(path, "utf8")).not.toContain("hunter2");
});

test("one that cannot be read is stale, one that is not there is not; the first that is proven to fit comes first", () => {
  const { directory, path, find, facts } = project();
  const broken = join(directory, "broken.json");
  writeFileSync(broken, '{"format":1}');
  expect(find({}, [broken])).toEqual({
    candidates: [],
    stale: { path: broken, reason: "it cannot be read" },
  });
  expect(find({}, [join(directory, "nowhere.json")])).toEqual({ candidates: [] });
  expect(find({}, [broken, path]).candidates).toMatchObject([{ path }]);
  const other = join(directory, "other.json");
  writeFileSync(other, JSON.stringify(makeManifest(facts, { WITH_SHOP: "1" })));
  expect(find({}, [other, path]).candidates).toMatchObject([{ path }, { path: other }]);
  expect(find({ WITH_SHOP: "1" }, [other, path]).candidates).toMatchObject([{ path: other }, { path }]);
});

test("settings that cannot be proven to be the same are compared, whatever their files say", () => {
  const { facts, path, find } = project();
  const unproven = { ...facts, settings: { ...facts.settings, unproven: ["they are made by dynaconf"] } };
  writeFileSync(path, JSON.stringify(makeManifest(unproven, {})));
  expect(find().candidates).toMatchObject([{ unproven: "they are made by dynaconf" }]);
});

describe("values of the settings", () => {
  const same = { AUTH_USER_MODEL: "auth.User", INSTALLED_APPS: ["a"] };

  test("the first manifest with equal ones fits", () => {
    const { candidates } = project().find();
    expect(fittingManifest(candidates, same)).toEqual({ manifest: candidates[0]?.manifest });
  });

  test.each<[object, string]>([
    [{ ...same, INSTALLED_APPS: ["a", "b"] }, "INSTALLED_APPS"],
    [{ ...same, INSTALLED_APPS: [] }, "INSTALLED_APPS"],
    [{ ...same, AUTH_USER_MODEL: "a.User" }, "AUTH_USER_MODEL"],
    [{ ...same, MIGRATION_MODULES: { a: null } }, "MIGRATION_MODULES"],
    [{ INSTALLED_APPS: ["a"] }, "AUTH_USER_MODEL"],
    [{}, "INSTALLED_APPS"],
  ])("%j are others, and %s is named", (values, name) => {
    const { path, find } = project();
    expect(fittingManifest(find().candidates, values as Record<string, unknown>)).toEqual({
      differs: { path, reason: `${name} is not what it was when the manifest was made` },
    });
  });

  test("of several manifests that one is taken that has them", () => {
    const { directory, facts, path, find } = project();
    const other = join(directory, "other.json");
    const settings = { ...facts.settings, values: { ...same, INSTALLED_APPS: ["a", "shop"] } };
    writeFileSync(other, JSON.stringify(makeManifest({ ...facts, settings }, {})));
    const { candidates } = find({ WITH_SHOP: "1" }, [path, other]);
    expect(fittingManifest(candidates, settings.values)).toEqual({ manifest: candidates[1]?.manifest });
  });
});
