import { chmodSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { withFilesOf } from "../../../src/platform/libc.ts";
import { findCommands } from "../../../src/platform/path-search.ts";
import { findInterpreterProblem } from "../../../src/platform/script-interpreter.ts";
import { findStrayEnvironment } from "../../../src/platform/stray-environment.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const { path: root } = temporaryDirectory();
const APP = join(root, "app");
const IMAGE = join(root, "opt/venv");
const OTHER = "/usr/local/bin/python3.99";

beforeEach(() => {
  rmSync(APP, { recursive: true, force: true });
  rmSync(IMAGE, { recursive: true, force: true });
  mkdirSync(APP, { recursive: true });
  environment(IMAGE, process.execPath, ["gunicorn"]);
});

function environment(at: string, python: string, programs: readonly string[] = []): void {
  mkdirSync(join(at, "bin"), { recursive: true });
  writeFileSync(join(at, "pyvenv.cfg"), "");
  symlinkSync(python, join(at, "bin/python"));
  for (const name of programs) script(join(at, "bin", name), `#!${at}/bin/python\n`);
}

function script(file: string, text: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, 0o755);
  return file;
}

const pathOf = (...environments: string[]) =>
  [...environments.map((at) => join(at, "bin")), "/usr/bin"].join(":");

describe("where a module is missing", () => {
  const own = join(APP, ".venv");

  test.each(["gunicorn", "python"])(
    "and %s is the image's: an environment of the project is named",
    (program) => {
      environment(own, process.execPath, ["gunicorn"]);
      expect(findStrayEnvironment(program, pathOf(IMAGE), APP)).toBe(
        `the virtual environment ${own} is not on PATH: ENV PATH=${own}/bin:$PATH`,
      );
    },
  );

  test("and that environment comes first, without gunicorn: that is to be there, too", () => {
    environment(own, process.execPath);
    const path = pathOf(own, IMAGE);
    expect(findStrayEnvironment("gunicorn", path, APP)).toBe(
      `gunicorn is that of ${IMAGE}, and ${own} comes first on PATH: install gunicorn there, too`,
    );
    expect(findStrayEnvironment("python", path, APP)).toBeUndefined();
  });

  test("and that environment is another image's: its Python is", () => {
    environment(own, OTHER, ["gunicorn"]);
    for (const path of [pathOf(own, IMAGE), pathOf(IMAGE)])
      expect(findStrayEnvironment("python", path, APP)).toBe(
        `the virtual environment ${own} is another image's, for its bin/python leads to ${OTHER}, which is not in the image: make it in a stage FROM djinit`,
      );
  });

  test.runIf(process.geteuid?.() === 0)("and that environment's Python is in root's own directory", () => {
    const closed = join(root, "home-of-root");
    const python = script(join(closed, "python3.99"), "");
    chmodSync(closed, 0o700);
    // Others may enter the way there.
    for (const open of [root, dirname(root)]) if ((statSync(open).mode & 0o001) === 0) chmodSync(open, 0o711);
    environment(own, python, ["gunicorn"]);
    expect(
      withFilesOf({ uid: 65_534, gid: 65_534 }, () => [
        findStrayEnvironment("python", pathOf(IMAGE), APP),
        findInterpreterProblem(join(own, "bin/gunicorn")),
      ]),
    ).toEqual([
      `the virtual environment ${own} cannot be used, for its bin/python leads to ${python}, which is closed to this user: keep that Python elsewhere (UV_PYTHON_INSTALL_DIR)`,
      // Another user may well reach it.
      undefined,
    ]);
  });

  test("and there is no other environment: nothing is said", () => {
    expect(findStrayEnvironment("gunicorn", pathOf(IMAGE), APP)).toBeUndefined();
    // What comes later on PATH is not in the way.
    environment(own, process.execPath, ["gunicorn"]);
    expect(findStrayEnvironment("gunicorn", pathOf(own, IMAGE), APP)).toBeUndefined();
  });
});

describe("a script that the kernel cannot run", () => {
  test.each([
    [`#!${OTHER}\n`, `its first line names ${OTHER}, which is not in the image`],
    ["#! /bin/no-such-shell -e\n", "its first line names /bin/no-such-shell, which is not in the image"],
    ["#!/bin/sh/below\n", "its first line names /bin/sh/below, which is not in the image"],
    ["#!/bin/sh\r\nexec true\r\n", /^its first line ends in CR LF/],
    ["#!/usr/bin/env python\r\n", /^its first line ends in CR LF/],
  ])("%j: says why", (text, problem) => {
    const file = script(join(APP, "start.sh"), text);
    const expected = typeof problem === "string" ? problem : expect.stringMatching(problem);
    expect(findInterpreterProblem(file)).toEqual(expected);
  });

  test("by a link that leads nowhere: says where to", () => {
    environment(join(APP, ".venv"), OTHER, ["gunicorn"]);
    const file = join(APP, ".venv/bin/gunicorn");
    expect(findInterpreterProblem(file)).toBe(
      `its first line names ${APP}/.venv/bin/python, which leads to ${OTHER}, which is not in the image`,
    );
    // The next one on PATH is run in its place.
    expect(findCommands("gunicorn", pathOf(join(APP, ".venv"), IMAGE), APP)).toEqual([
      file,
      join(IMAGE, "bin/gunicorn"),
    ]);
  });

  test.each([
    "#!/bin/sh\n",
    "#!/bin/sh -e\n",
    "#!/usr/bin/env python\n",
    "#!/usr/bin/env -S python -u\r\n",
    "\x7fELF",
    "",
    "echo without a first line\n",
  ])("is not %j", (text) => {
    expect(findInterpreterProblem(script(join(APP, "start"), text))).toBeUndefined();
  });

  test("is no pipe, which nobody waits for", () => {
    expect(findInterpreterProblem("/dev/null")).toBeUndefined();
    expect(findInterpreterProblem(join(APP, "missing"))).toBeUndefined();
  });
});
