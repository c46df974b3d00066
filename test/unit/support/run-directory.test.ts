import { readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeRunDirectory, removeDirectoriesOfDeadRuns } from "../../support/run-directory.ts";
import { runIdOf } from "../../support/run-id.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const { path: place, write } = temporaryDirectory();

test("what dead runs have left goes, and nothing else", () => {
  const alive = `${process.pid}-${runIdOf(process.pid)?.split("-")[1]}`;
  makeRunDirectory(place, alive);
  writeFileSync(join(makeRunDirectory(place, `${process.pid}-1`), "file"), "");
  makeRunDirectory(place, "4194305-1");
  write("djinit-test-other", "");
  removeDirectoriesOfDeadRuns(place);
  expect(readdirSync(place).sort()).toEqual([`djinit-test-${alive}`, "djinit-test-other"]);
  expect(statSync(join(place, `djinit-test-${alive}`)).mode & 0o7777).toBe(0o1777);
});

test("the tests' directory of temporary files is that of a run which goes on", () => {
  expect(tmpdir()).toMatch(/\/djinit-test-\d+-\d+$/);
});
