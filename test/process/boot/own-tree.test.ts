import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ownTree } from "../../../src/boot/files/own-tree.ts";
import { openDirectory } from "../../../src/platform/directory.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const ACCOUNT = { name: "django", uid: 104, gid: 107 };
const directory = temporaryDirectory();

async function give(path: string, signal = new AbortController().signal): Promise<void> {
  const top = openDirectory(path);
  try {
    await ownTree(top, { account: ACCOUNT, signal });
  } finally {
    closeSync(top.fd);
  }
}

const ownerOf = (path: string) => lstatSync(path).uid;

describe.runIf(process.geteuid?.() === 0)("a tree of somebody else's", () => {
  test("is given away as a whole, with its modes; links are not followed, and what is no upload stays", async () => {
    const path = join(directory.path, "media");
    mkdirSync(join(path, "deep/er"), { recursive: true });
    chmodSync(join(path, "deep"), 0o750);
    writeFileSync(join(path, "deep/er/file"), "");
    const outside = directory.write("outside", "");
    symlinkSync(outside, join(path, "link"));
    execFileSync("mkfifo", [join(path, "pipe")]);
    await give(path);
    for (const name of ["", "deep", "deep/er", "deep/er/file", "link"])
      expect(ownerOf(join(path, name)), name).toBe(ACCOUNT.uid);
    expect([outside, join(path, "pipe")].map(ownerOf)).toEqual([0, 0]);
    expect(lstatSync(join(path, "deep")).mode & 0o777).toBe(0o750);
  });

  test("that is large lets others have their turn, and ends with a stop: the next start begins anew", async () => {
    const path = join(directory.path, "large");
    mkdirSync(path);
    for (let at = 0; at < 3_500; at += 1) writeFileSync(join(path, String(at)), "");
    linkSync(join(path, "0"), join(path, "second-name"));
    const stop = new AbortController();
    setImmediate(() => stop.abort("SIGTERM"));
    await expect(give(path, stop.signal)).rejects.toBe("SIGTERM");
    const given = readdirSync(path).filter((name) => ownerOf(join(path, name)) === ACCOUNT.uid);
    expect(given.length).toBeGreaterThan(0);
    expect(given.length).toBeLessThan(3_500);
    expect(ownerOf(path)).toBe(0);
    await give(path);
    expect(readdirSync(path).filter((name) => ownerOf(join(path, name)) === 0)).toEqual([]);
    expect(ownerOf(path)).toBe(ACCOUNT.uid);
  });

  test("from which others remove files and directories meanwhile is given away all the same", async () => {
    const path = join(directory.path, "in-use");
    mkdirSync(path);
    for (let at = 0; at < 1_500; at += 1) writeFileSync(join(path, `${at}`), "");
    for (let at = 0; at < 1_500; at += 1) mkdirSync(join(path, `directory-${at}`));
    setImmediate(() => {
      for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true });
    });
    await give(path);
    expect(readdirSync(path)).toEqual([]);
    expect(ownerOf(path)).toBe(ACCOUNT.uid);
  });

  test("that was closed to root is as it was after a stop", async () => {
    const path = join(directory.path, "closed");
    mkdirSync(path, { mode: 0o700 });
    writeFileSync(join(path, "file"), "");
    const { fd, status } = openDirectory(path);
    // As without CAP_DAC_OVERRIDE, where it becomes root's alone to be opened.
    const top = { fd, status: Object.assign(status, { uid: 1000, gid: 1000, mode: 0o040_750 }) };
    await expect(ownTree(top, { account: ACCOUNT, signal: AbortSignal.abort("SIGTERM") })).rejects.toBe(
      "SIGTERM",
    );
    closeSync(fd);
    const { uid, gid, mode } = lstatSync(path);
    expect([uid, gid, mode & 0o777]).toEqual([1000, 1000, 0o750]);
  });
});
