import { chmodSync, closeSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findPrivateDirectory, makePrivateDirectory } from "../../../src/platform/private-directory.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const OWN = process.geteuid?.() ?? 0;

test("it is new, for nobody else, and found by those beside it as long as it is held", () => {
  const parent = temporaryDirectory().path;
  const before = process.umask(0);
  const made = makePrivateDirectory([parent]);
  process.umask(before);
  expect(statSync(made.path).mode & 0o7777).toBe(0o700);
  expect(findPrivateDirectory([parent], [OWN])).toBe(made.path);
  closeSync(made.lockFd);
  expect(findPrivateDirectory([parent], [OWN])).toBeUndefined();
});

test("a name with its own pattern that is there already is neither used nor found", () => {
  const parent = temporaryDirectory().path;
  const { path, lockFd } = makePrivateDirectory([parent]);
  const name = path.slice(parent.length + 1, -6);
  const planted = [
    join(parent, `${name}aaaaaa`),
    join(parent, `${name}bbbbbb`),
    join(parent, `${name}cccccc`),
  ];
  mkdirSync(planted[0] as string, { mode: 0o755 });
  symlinkSync(path, planted[1] as string);
  mkdirSync(planted[2] as string, { mode: 0o700 });
  chmodSync(planted[0] as string, 0o777);
  expect(findPrivateDirectory([parent], [OWN])).toBe(path);
  closeSync(lockFd);
  expect(findPrivateDirectory([parent], [OWN])).toBeUndefined();
  const again = makePrivateDirectory([parent]);
  expect(planted).not.toContain(again.path);
  closeSync(again.lockFd);
});

test("one of another user, however held, is not found", () => {
  const parent = temporaryDirectory().path;
  const { lockFd } = makePrivateDirectory([parent]);
  expect(findPrivateDirectory([parent], [OWN + 1])).toBeUndefined();
  closeSync(lockFd);
});

test("one that others may look into is not found", () => {
  const parent = temporaryDirectory().path;
  const { path, lockFd } = makePrivateDirectory([parent]);
  chmodSync(path, 0o755);
  expect(findPrivateDirectory([parent], [OWN])).toBeUndefined();
  closeSync(lockFd);
});

test("those of earlier starts are taken away, those in use stay", () => {
  const parent = temporaryDirectory().path;
  const [left, used] = [makePrivateDirectory([parent]), makePrivateDirectory([parent])];
  closeSync(left.lockFd);
  const made = makePrivateDirectory([parent]);
  expect(existsSync(left.path)).toBe(false);
  expect(
    readdirSync(parent)
      .map((name) => join(parent, name))
      .sort(),
  ).toEqual([used.path, made.path].sort());
  for (const { lockFd } of [used, made]) closeSync(lockFd);
});

test("the first parent that allows it has it; without any the error names them all", () => {
  const parent = temporaryDirectory().path;
  const made = makePrivateDirectory(["/nonexistent", parent]);
  expect(made.path.startsWith(parent)).toBe(true);
  closeSync(made.lockFd);
  expect(() => makePrivateDirectory(["/nonexistent", "/proc"])).toThrow(/\/nonexistent.*\/proc/);
});
