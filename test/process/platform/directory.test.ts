import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { emptyDirectory, inDirectory, withDirectory } from "../../../src/platform/directory.ts";
import { writeNewFile } from "../../../src/platform/new-file.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const EMPTIES = join(import.meta.dirname, "../../fixtures/empty-directory.ts");

/** Neither a call for each of them would do, nor a descriptor. */
const DEEPER_THAN_A_STACK = 5_000;

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

test("a directory is emptied, however deep it is and whatever its names are", () => {
  // In memory: a journal makes it ten times as slow.
  const path = mkdtempSync("/dev/shm/djinit-test-");
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const script = `import os
os.chdir(${JSON.stringify(path)})
open(b"\\xff\\xfe", "w").close()
os.mkdir("a.pid")
os.chdir("a.pid")
for _ in range(${DEEPER_THAN_A_STACK}):
    open("file", "w").close()
    os.mkdir("d")
    os.chdir("d")
`;
  execFileSync("python3", ["-c", script]);
  writeFileSync(`${path}/kept`, "");
  withDirectory(path, (fd) => emptyDirectory(fd, (name) => name === "kept"));
  expect(readdirSync(path)).toEqual(["kept"]);
});

/** In a mount namespace of its own. */
const MOUNTING = ["unshare", "--mount", "sh", "-ec"];
const mayMount =
  spawnSync(MOUNTING[0] as string, [...MOUNTING.slice(1), "mount -t tmpfs none /mnt"]).status === 0;

test.runIf(mayMount).each([
  [
    "in a file system that is mounted there, whose place stays",
    "mkdir -p dir/cache; mount -t tmpfs none dir/cache; mkdir -p dir/cache/ab/c; touch dir/cache/ab/c/file",
    ["cache"],
  ],
  [
    "in a layer of the image",
    "mkdir -p low/a/b/c up work dir; touch low/a/b/c/file; mount -t overlay -o lowerdir=low,upperdir=up,workdir=work none dir",
    [],
  ],
])("a directory is emptied also of directories %s", (_, make, left) => {
  const place = mkdtempSync("/tmp/djinit-test-");
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const script = `mount -t tmpfs none ${place}; cd ${place}; ${make}; exec "$0" "$@" ${place}/dir`;
  const [program = "", ...words] = [...MOUNTING, script, process.execPath, ...process.execArgv, EMPTIES];
  expect(JSON.parse(execFileSync(program, words, { encoding: "utf8" }))).toEqual(left);
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
