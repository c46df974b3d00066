import { symlinkSync } from "node:fs";
import { expect, test } from "vitest";
import { readToldSize, readToldWorkers } from "../../../src/supervise/memory/told-size.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const { path, write } = temporaryDirectory();

test("what gunicorn's master has written", () => {
  write("size", "2 4 45000000 processors");
  expect(readToldSize(`${path}/size`)).toEqual({
    workers: 2,
    threads: 4,
    workerBytes: 45_000_000,
    decidedBy: "processors",
  });
});

test.each([
  "",
  "2 4 45000000 \u001b[2J",
  "2 4 45000000 memory\nmore",
  "-1 4 1 memory",
  `2 4 1 memory${" ".repeat(100)}`,
])("what somebody else has written there: %j", (text) => {
  write("other", text);
  expect(readToldSize(`${path}/other`)).toBeUndefined();
});

test("nothing, or a link", () => {
  write("target", "2 4 45000000 most");
  symlinkSync(`${path}/target`, `${path}/link`);
  expect(readToldSize(`${path}/link`)).toBeUndefined();
  expect(readToldSize(`${path}/none`)).toBeUndefined();
});

test("how many workers there are to be, by the master that is there", () => {
  write("workers", "17 3");
  expect(readToldWorkers(`${path}/workers`, 17)).toBe(3);
  expect(readToldWorkers(`${path}/workers`, 18)).toBeUndefined();
  expect(readToldWorkers(`${path}/none`, 17)).toBeUndefined();
  write("workers", "17 -3");
  expect(readToldWorkers(`${path}/workers`, 17)).toBeUndefined();
  write("workers", "undefined 3");
  expect(readToldWorkers(`${path}/workers`, undefined)).toBeUndefined();
});
