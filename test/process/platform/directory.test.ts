import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { emptyDirectory, inDirectory, withDirectory } from "../../../src/platform/directory.ts";
import { writeNewFile } from "../../../src/platform/new-file.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const directory = temporaryDirectory();
const victim = directory.write("victim", "untouched");
mkdirSync(`${directory.path}/victims/inner`, { recursive: true });
writeFileSync(`${directory.path}/victims/inner/file`, "untouched");

test("a directory is emptied, whatever is in it; links are removed and not followed", () => {
  const path = `${directory.path}/full`;
  mkdirSync(`${path}/a/b/c`, { recursive: true });
  symlinkSync(`${directory.path}/victims`, `${path}/a/link`);
  symlinkSync(victim, `${path}/link`);
  symlinkSync(`${directory.path}/victims`, `${path}/directory-link`);
  for (let at = 0; at < 3_000; at += 1) writeFileSync(`${path}/a/b/${at}`, "");
  writeFileSync(`${path}/kept`, "");
  withDirectory(path, (fd) => emptyDirectory(fd, (name) => name === "kept"));
  expect(readdirSync(path)).toEqual(["kept"]);
  expect(readFileSync(victim, "utf8")).toBe("untouched");
  expect(existsSync(`${directory.path}/victims/inner/file`)).toBe(true);
});

test("a link is no directory", () => {
  symlinkSync(`${directory.path}/victims`, `${directory.path}/to-victims`);
  expect(() => withDirectory(`${directory.path}/to-victims`, () => {})).toThrow("ENOTDIR");
  expect(() => withDirectory(victim, () => {})).toThrow("ENOTDIR");
});

test("an open directory stays the same when its path is another's by now", () => {
  withDirectory(`${directory.path}/victims`, (fd) => {
    expect(readdirSync(inDirectory(fd))).toEqual(["inner"]);
    expect(readFileSync(inDirectory(fd, "inner/file"), "utf8")).toBe("untouched");
  });
});

test("a new file takes the place of a link, and not of what that leads to", () => {
  const path = `${directory.path}/new`;
  symlinkSync(victim, path);
  writeNewFile(path, "new", { mode: 0o644 });
  expect(readFileSync(path, "utf8")).toBe("new");
  expect(readFileSync(victim, "utf8")).toBe("untouched");
});
