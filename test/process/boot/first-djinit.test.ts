import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { takeLock } from "../../../src/boot/first-djinit.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const OWN = process.getuid?.() ?? 0;
const PID_1 = { isPid1: true, owners: [OWN] };
const OTHER = { isPid1: false, owners: [OWN] };

describe.each([
  { name: "PID 1", taker: PID_1 },
  { name: "another process", taker: OTHER },
])("the lock, for $name", ({ taker }) => {
  test("is had by one at a time, and again when that one is gone", () => {
    const path = join(temporaryDirectory().path, "lock");
    const first = takeLock(path, taker) as { fd: number };
    expect(first.fd).toBeGreaterThan(2);
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
    expect(takeLock(path, taker)).toBe("taken");
    closeSync(first.fd);
    expect(takeLock(path, taker)).toMatchObject({ fd: expect.any(Number) });
  });

  test.each([
    ["a link", (path: string) => symlinkSync("/etc/passwd", path)],
    ["a link to nowhere", (path: string) => symlinkSync("/nowhere", path)],
    ["a directory", (path: string) => mkdirSync(join(path, "inner"), { recursive: true })],
    ["a FIFO", (path: string) => execFileSync("mkfifo", [path])],
    [
      "a file that others may open",
      (path: string) => {
        writeFileSync(path, "");
        chmodSync(path, 0o644);
      },
    ],
    [
      "a second name of another file",
      (path: string) => {
        writeFileSync(`${path}.other`, "text", { mode: 0o600 });
        linkSync(`${path}.other`, path);
      },
    ],
  ])("%s in its place is replaced", (_, leave) => {
    const directory = temporaryDirectory().path;
    const path = join(directory, "lock");
    leave(path);
    expect(takeLock(path, taker)).toMatchObject({ fd: expect.any(Number) });
    const { mode, nlink } = lstatSync(path);
    expect([mode, nlink]).toEqual([0o100_600, 1]);
    expect(takeLock(path, taker)).toBe("taken");
  });

  test("without a place for it there is none", () => {
    expect(takeLock("/proc/self/lock", taker)).toEqual({ fd: undefined });
    expect(existsSync("/proc/self/lock")).toBe(false);
  });
});

test("a lock that somebody else's file has is one for all but PID 1", () => {
  const path = join(temporaryDirectory().path, "lock");
  const strangers = { isPid1: false, owners: [] };
  expect(takeLock(path, OTHER)).toMatchObject({ fd: expect.any(Number) });
  expect(takeLock(path, strangers)).toBe("taken");
  expect(takeLock(path, PID_1)).toBe("taken");
});
