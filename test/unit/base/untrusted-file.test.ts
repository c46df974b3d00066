import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, truncateSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { listNames, readBeginning, readUntrusted } from "../../../src/base/untrusted-file.ts";
import { fingerprint } from "../../../src/boot/schema/fingerprint.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { readHeartbeat, readStalledFrames } from "../../../src/metrics/heartbeat.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const directory = temporaryDirectory();
const place = (name: string): string => `${directory.path}/${name}`;
const file = directory.write("file", "four");
const sparse = directory.write("sparse", "");
truncateSync(sparse, 480 * 1024 * 1024);
symlinkSync(file, place("link"));
execFileSync("mkfifo", [place("pipe")]);
mkdirSync(place("folder"));

describe("a file that somebody else may write", () => {
  test("is read when it is one, and no larger than it may be", () => {
    expect(readUntrusted(file, { mostBytes: 4 }).toString()).toBe("four");
    expect(() => readUntrusted(file, { mostBytes: 3 })).toThrow("it is larger than");
    expect(readBeginning(file, { mostBytes: 2 }).toString()).toBe("fo");
  });

  test("of /proc, whose size is not told, is read too", () => {
    expect(readBeginning("/proc/self/stat", { mostBytes: 1 }).length).toBe(1);
  });

  test.each([
    ["pipe", "it is a pipe"],
    ["folder", "it is a directory"],
    ["link", "ELOOP"],
    ["sparse", "it is larger than 1 KiB"],
    ["nothing", "ENOENT"],
  ])("%s is refused at once", (name, cause) => {
    expect(() => readUntrusted(place(name), { mostBytes: 1024 })).toThrow(cause);
  });

  test("that an operator has laid there may be a link", () => {
    expect(readUntrusted(place("link"), { mostBytes: 4, followsLinks: true }).toString()).toBe("four");
    expect(() => readUntrusted("/dev/zero", { mostBytes: 4, followsLinks: true })).toThrow("it is a device");
  });
});

test("of a directory only so many names are looked at", () => {
  expect(listNames(directory.path, 2)).toHaveLength(2);
  expect(listNames(place("folder"), 2)).toEqual([]);
});

describe("pipes, devices and huge files in the place of what is read", () => {
  test.each(["pipe", "sparse", "folder", "link"])("a heartbeat: %s", (name) => {
    expect(readHeartbeat(place(name))).toBeUndefined();
  });

  test("a stack", () => {
    execFileSync("mkfifo", [place("beat.stack")]);
    expect(readStalledFrames(place("beat"), 1)).toEqual([]);
    truncateSync(directory.write("huge.stack", ""), 480 * 1024 * 1024);
    expect(readStalledFrames(place("huge"), 1)).toEqual([]);
  });

  test("sources that a manifest was made from", () => {
    const files = [place("pipe"), sparse, "/dev/zero"];
    const prints = fingerprint({ files, migrations: [], directories: [], variables: [] }, {});
    expect(Object.values(prints)).toEqual(["no file", "no file", "no file"]);
  });

  test.each(["pipe", "folder", "sparse"])(
    "an env file and a secret: %s is a problem, told at once",
    (name) => {
      const { problems } = loadConfig({ DJINIT_ENV_FILE: place(name), SUPERUSER_PASSWORD_FILE: place(name) });
      expect(problems.map(({ variable }) => variable)).toEqual([
        "DJINIT_ENV_FILE",
        "SUPERUSER_PASSWORD_FILE",
      ]);
      for (const { problem } of problems) expect(problem).toMatch(/cannot be read: it is (a|larger)/);
    },
  );
});

describe("a report of another shape", () => {
  const report = { seq: 1, end: 1, pid: 7, kind: "worker", state: "connected", at: 1, thread: 5 };
  const reads = (more: object) =>
    readHeartbeat(directory.write("report", JSON.stringify({ ...report, ...more })));

  test.each([
    [{ thread: "x" }],
    [{ thread: undefined }],
    [{ at: "1" }],
    [{ kind: "other" }],
    [{ state: {} }],
    [{ pid: null }],
  ])("is none: %j", (more) => {
    expect(reads(more)).toBeUndefined();
  });

  test.each([
    [{ tasks: 7 }],
    [{ tasks: { a: { b: "c" } } }],
    [{ runtimes: { a: [1, "x"] } }],
    [{ queues: [] }],
    [{ oldest: ["a"] }],
    [{ solo: "yes" }],
  ])("is read without what is wrong in it: %j", (more) => {
    const { seq: _, end: __, ...rest } = report;
    expect(reads(more)).toEqual(rest);
  });

  test("what is right stays", () => {
    const more = {
      tasks: { a: { "task-started": 1 } },
      runtimes: { a: [1, 2] },
      oldest: ["a", 1],
      active: 1,
    };
    expect(reads(more)).toMatchObject(more);
  });
});
