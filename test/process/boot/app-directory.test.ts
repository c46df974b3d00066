import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { findAppDirectoryProblems } from "../../../src/boot/files/app-directory.ts";
import { configOf } from "../../support/planned.ts";

const place = mkdtempSync(join(tmpdir(), "app-directory-"));
afterAll(() => rmSync(place, { recursive: true }));

const problemsOf = (appDirectory: string) =>
  findAppDirectoryProblems({ ...configOf(), appDirectory }, false).map(({ problem }) => problem);

test("a directory that is there is fine", () => {
  expect(problemsOf(place)).toEqual([]);
});

test("one that is missing, or a file, is named with the way to name another", () => {
  writeFileSync(join(place, "file"), "");
  for (const path of [join(place, "missing"), join(place, "file")]) {
    const problem = `the application's directory "${path}" (WORKDIR, or DJINIT_APP_DIRECTORY) is not there, or no directory`;
    expect(problemsOf(path)).toEqual([problem]);
  }
});

test("a working directory with a name that nginx's files cannot hold is refused", () => {
  expect(problemsOf("/my project")).toEqual([
    'the application\'s directory "/my project" (WORKDIR, or DJINIT_APP_DIRECTORY) cannot be used: a space, quote, colon or $ is in its name',
  ]);
});
