import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
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
