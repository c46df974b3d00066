import { chownSync, linkSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { GIVEN_FILES, openGiven } from "../../../src/base/given-file.ts";
import { readAll } from "../../../src/base/untrusted-file.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const DJANGO = 104;
const isRoot = process.geteuid?.() === 0;
const directory = temporaryDirectory();
const at = (name: string): string => `${directory.path}/${name}`;
const read = (name: string): string => readAll(openGiven(at(name)), 1_024).toString();

directory.write("roots", "root's");
for (const name of ["theirs", "ours", "ours/..data-1"]) mkdirSync(at(name));
writeFileSync(at("ours/..data-1/key"), "a key");
symlinkSync("..data-1", at("ours/..data"));
symlinkSync("..data/key", at("ours/key"));
symlinkSync("../theirs/../roots", at("ours/around"));
symlinkSync(at("roots"), at("ours/absolute"));
symlinkSync("loop", at("ours/loop"));
symlinkSync("..", at("ours/up"));
writeFileSync(at("theirs/plain"), "theirs");

describe("a file that the operator names", () => {
  test.each([
    ["ours/key", "a key"],
    ["ours/around", "root's"],
    ["ours/absolute", "root's"],
    ["theirs/plain", "theirs"],
  ])("%s is read, whatever links lead there", (name, text) => {
    expect(read(name)).toBe(text);
  });

  test.each([
    ["ours/loop", /ELOOP/],
    ["ours/up", /directory/],
    ["ours", /directory/],
    ["ours/none", /^ENOENT: .*'\/.*\/ours\/none'$/],
    ["roots/none", /ENOTDIR/],
  ])("%s is refused, by its own name", (name, cause) => {
    expect(() => read(name)).toThrow(cause);
  });

  test("the files of a directory, not what else is in it; too many are refused", () => {
    expect(GIVEN_FILES.list(at("ours"), 10)).toEqual(["absolute", "around", "key"]);
    expect(() => GIVEN_FILES.list(at("ours"), 2)).toThrow("it has more than 2 files");
    expect(() => GIVEN_FILES.list(at("none"), 2)).toThrow("ENOENT");
  });
});

describe.runIf(isRoot)("where another user may write", () => {
  test("a link, or a second name, leads to that user's own files alone", () => {
    linkSync(at("roots"), at("theirs/second"));
    symlinkSync(at("roots"), at("theirs/link"));
    symlinkSync("plain", at("theirs/to-theirs"));
    linkSync(at("theirs/plain"), at("theirs/second-of-theirs"));
    symlinkSync("..", at("theirs/up"));
    for (const name of ["theirs", "theirs/plain"]) chownSync(at(name), DJANGO, 107);
    expect(read("theirs/to-theirs")).toBe("theirs");
    expect(read("theirs/second-of-theirs")).toBe("theirs");
    const refusal =
      /^user 104 may change where it leads, and it leads to a file of user 0's: name that file itself$/;
    for (const name of ["theirs/link", "theirs/second", "theirs/up/roots"])
      expect(() => read(name)).toThrow(refusal);
    expect(() => GIVEN_FILES.read(at("theirs/link"), 9)).toThrow(refusal);
    renameSync(at("theirs"), at("moved"));
    symlinkSync("moved", at("theirs"));
    expect(read("theirs/plain")).toBe("theirs");
    expect(() => read("theirs/link")).toThrow(refusal);
  });
});
