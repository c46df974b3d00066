import { execFileSync } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const SCRIPT = join(import.meta.dirname, "../../../docker/build/set-times.sh");
const EPOCH = 1_767_225_600;
const OLDER = 1_700_000_000;

test("all of a directory gets the time of the build, links and directories too, and nothing that a link leads to", () => {
  const root = mkdtempSync(join(tmpdir(), "djinit-test-"));
  try {
    mkdirSync(join(root, "tree/below"), { recursive: true });
    writeFileSync(join(root, "tree/below/file"), "");
    writeFileSync(join(root, "elsewhere"), "");
    symlinkSync("../../elsewhere", join(root, "tree/below/link"));
    utimesSync(join(root, "elsewhere"), OLDER, OLDER);
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(EPOCH) };
    execFileSync("sh", [SCRIPT, join(root, "tree")], { env });
    const names = ["tree", "tree/below", "tree/below/file", "tree/below/link", "elsewhere"];
    const times = names.map((name) => lstatSync(join(root, name)).mtimeMs / 1000);
    expect(times).toEqual([EPOCH, EPOCH, EPOCH, EPOCH, OLDER]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("what a step writes gets it, and nothing that was there right before the step", () => {
  const root = mkdtempSync(join(tmpdir(), "djinit-test-"));
  try {
    for (const directory of ["tmp", "etc", "app"]) mkdirSync(join(root, directory));
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(EPOCH) };
    const setTimes = (word: string) => execFileSync("sh", [SCRIPT, word, root], { env });
    const timeOf = (name: string) => lstatSync(join(root, name)).mtimeMs / 1000;
    // As the engine does before a step.
    writeFileSync(join(root, ".dockerenv"), "");
    symlinkSync("/proc/mounts", join(root, "etc/mtab"));
    const before = [".dockerenv", "etc/mtab"].map(timeOf);
    setTimes("begin");
    writeFileSync(join(root, "app/first"), "");
    writeFileSync(join(root, "etc/hosts"), "");
    setTimes("now");
    writeFileSync(join(root, "app/second"), "");
    setTimes("end");
    expect(["app", "app/first", "app/second", "tmp", "etc"].map(timeOf)).toEqual(Array(5).fill(EPOCH));
    expect(timeOf("etc/hosts")).not.toBe(EPOCH);
    expect([".dockerenv", "etc/mtab"].map(timeOf)).toEqual(before);
    expect(readdirSync(join(root, "tmp"))).toEqual([]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
