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

test("what a step writes gets it, and not what the engine makes for a step", () => {
  const root = mkdtempSync(join(tmpdir(), "djinit-test-"));
  try {
    for (const directory of ["tmp", "etc", "app"]) mkdirSync(join(root, directory));
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(EPOCH) };
    const setTimes = (word: string) => execFileSync("sh", [SCRIPT, word, root], { env });
    const timeOf = (name: string) => lstatSync(join(root, name)).mtimeMs / 1000;
    // As the engine does: quickly, or, as with /etc here, long before the step.
    writeFileSync(join(root, ".dockerenv"), "");
    writeFileSync(join(root, "etc/hosts"), "");
    symlinkSync("/proc/mounts", join(root, "etc/mtab"));
    utimesSync(join(root, "etc"), OLDER, OLDER);
    const ofEngine = [".dockerenv", "etc/hosts", "etc/mtab"];
    const before = ofEngine.map(timeOf);
    setTimes("begin");
    writeFileSync(join(root, "app/first"), "");
    setTimes("now");
    // groupadd keeps the time of what it copies to etc/group-, in whole seconds.
    writeFileSync(join(root, "app/second"), "");
    const wholeSecond = Math.floor(timeOf("app/second"));
    utimesSync(join(root, "app/second"), wholeSecond, wholeSecond);
    setTimes("end");
    expect(["app", "app/first", "app/second", "tmp", "etc"].map(timeOf)).toEqual(Array(5).fill(EPOCH));
    expect(ofEngine.map(timeOf)).toEqual(before);
    expect(readdirSync(join(root, "tmp"))).toEqual([]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
