import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ownMigrateMark, says } from "../../../../src/boot/schema/own-migrate.ts";

const FACTS = { own_migrate: { module: "shop.management.commands.migrate", build: "b1" } };
const BEGINNING = "djinit: the project's own migrate has run, by";
const environmentOf = (environment: Record<string, string>) =>
  ownMigrateMark(FACTS, environment)?.environment;

test("Django's own needs no mark", () => {
  expect(ownMigrateMark({}, {})).toBeUndefined();
});

test("a mark has no value of a variable, and is the same whatever their order", () => {
  const mark = ownMigrateMark(FACTS, { A: "hunter2", B: "2" });
  expect(mark).toEqual({ build: "b1", environment: expect.stringMatching(/^[\w-]{12}$/) });
  expect(ownMigrateMark(FACTS, { B: "2", A: "hunter2" })).toEqual(mark);
});

test.each([
  [{ HOSTNAME: "web-1" }, true],
  [{ DATABASE_URL: "postgres://h/d", CELERY_WORKER: "1", SUPERUSER_PASSWORD_FILE: "/x" }, true],
  [{ SITE_NAME: "Cakes" }, false],
])("%j is the same environment as none: %s", (environment, isSame) => {
  expect(environmentOf(environment) === environmentOf({})).toBe(isSame);
});

test.each([
  [`${BEGINNING} b1 e1`, true],
  [`${BEGINNING} b1 e0 e1`, true],
  [`${BEGINNING} b1 e2`, false],
  [`${BEGINNING} b2 e1`, false],
  [`${BEGINNING} b1`, false],
  ["b1 e1", false],
  ["", false],
])("%s: %s", (comment, isMarked) => {
  expect(says(comment, { build: "b1", environment: "e1" })).toBe(isMarked);
});

test("Python writes what is read here", () => {
  const text = readFileSync(new URL("../../../../python/boot/djinit_mark.py", import.meta.url), "utf8");
  expect(text).toContain(`BEGINNING = "${BEGINNING}"\n`);
});
