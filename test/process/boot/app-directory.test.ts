import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  findAppDirectoryProblems,
  findLineDirectoryProblems,
} from "../../../src/boot/files/app-directory.ts";
import { configOf, resolvedOf } from "../../support/planned.ts";

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

test("a directory that a line of the Procfile changes to is there, too", () => {
  const text = "src: cd src && celery -A app worker\nhere: cd . && celery -A app worker";
  const config = { ...configOf(), appDirectory: place };
  const problems = (cmd: string, variables = {}) =>
    findLineDirectoryProblems(resolvedOf(cmd, text, variables).invocation, config).map(
      ({ problem }) => problem,
    );
  const missing = `the Procfile's src changes to "${join(place, "src")}", which is not there, or no directory`;
  expect(problems("src")).toEqual([missing]);
  expect(problems("a.wsgi:b", { DJINIT_PROCESSES: "here,src" })).toEqual([missing]);
  expect(problems("here")).toEqual([]);
  writeFileSync(join(place, "src"), "");
  expect(problems("src")).toEqual([missing]);
  const below = resolvedOf("src", "src: cd src/deeper && celery -A app worker").invocation;
  expect(findLineDirectoryProblems(below, config)).toHaveLength(1);
});

test("a working directory with a name that nginx's files cannot hold is refused", () => {
  expect(problemsOf("/my project")).toEqual([
    'the application\'s directory "/my project" (WORKDIR, or DJINIT_APP_DIRECTORY) cannot be used: a space, quote, colon or $ is in its name',
  ]);
});
