import { chmodSync, mkdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { dropTo, dropToSupervisor, findAccount } from "../../../src/platform/credentials.ts";
import { findCommand } from "../../../src/platform/path-search.ts";
import { listProcesses, readProcessStat } from "../../../src/platform/proc.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const directory = temporaryDirectory();

describe("the file that a command stands for", () => {
  mkdirSync(`${directory.path}/bin/folder`, { recursive: true });
  chmodSync(directory.write("bin/program", ""), 0o755);
  chmodSync(directory.write("bin/text", ""), 0o644);
  const bin = `${directory.path}/bin`;

  test.each([
    ["program", bin, `${bin}/program`],
    ["program", `/nowhere:${bin}`, `${bin}/program`],
    ["program", "/nowhere", undefined],
    ["program", "", undefined],
    ["./bin/program", "/nowhere", `${bin}/program`],
    ["bin/program", "/nowhere", `${bin}/program`],
    [`${bin}/program`, "", `${bin}/program`],
    // Not executable, a directory, nothing.
    ["text", bin, undefined],
    ["folder", bin, undefined],
    ["bin/text", bin, undefined],
    ["", bin, undefined],
  ])("%j on PATH %j", (command, path, file) => {
    expect(findCommand(command, path, directory.path)).toBe(file);
  });

  test("an empty part of PATH is the working directory; without PATH there is a usual one", () => {
    expect(findCommand("program", ":/nowhere", bin)).toBe(`${bin}/program`);
    expect(findCommand("sh", undefined, "/")).toMatch(/^\/(usr\/)?bin\/sh$/);
  });
});

describe("the words that give up root", () => {
  test("name the user's own group by its number: it need not be called like the user", () => {
    const nobody = findAccount("nobody");
    expect(dropTo("nobody")).toEqual(
      expect.arrayContaining(["/usr/bin/setpriv", "--reuid=nobody", `--regid=${nobody.gid}`]),
    );
    expect(dropTo("nobody")).toEqual(
      expect.arrayContaining(["--init-groups", "--no-new-privs", "--inh-caps=-all", "--ambient-caps=-all"]),
    );
    expect(dropTo("nobody").at(-1)).toBe("--");
  });

  test("leave PID 1 what it needs to start and signal children of others, and nothing else", () => {
    const kept = "-all,+kill,+setuid,+setgid";
    expect(dropToSupervisor("djinit")).toEqual(
      expect.arrayContaining([
        `--inh-caps=${kept}`,
        `--ambient-caps=${kept}`,
        `--bounding-set=${kept}`,
        "--no-new-privs",
      ]),
    );
  });

  test("an account that is not there is named", () => {
    expect(findAccount("root")).toEqual({ name: "root", uid: 0, gid: 0 });
    expect(() => findAccount("ghost")).toThrow("cannot find user ghost");
    expect(() => dropTo("ghost")).toThrow("cannot find user ghost");
  });
});

describe("/proc", () => {
  test("this process has its parent, and is among all", () => {
    const stat = readProcessStat(process.pid);
    expect(stat).toMatchObject({ pid: process.pid, parentPid: process.ppid });
    expect(listProcesses().some(({ pid }) => pid === process.pid)).toBe(true);
  });

  test("a process that is gone is undefined", () => {
    expect(readProcessStat(2 ** 22 + 1)).toBeUndefined();
  });
});
