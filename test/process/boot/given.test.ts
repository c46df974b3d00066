import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { withPythonPath } from "../../../src/boot/given.ts";
import { loadConfig } from "../../../src/config/load.ts";

const programs = mkdtempSync(join(tmpdir(), "given-"));
afterAll(() => rmSync(programs, { recursive: true }));
writeFileSync(join(programs, "python"), "");
chmodSync(join(programs, "python"), 0o755);

const pathOf = (variables: Record<string, string>) =>
  withPythonPath(loadConfig({ PATH: programs, ...variables }, "/app/sub")).environment["PYTHONPATH"];

test("a Python that is not the image's is told where the project lies, and djinit's modules", () => {
  expect(pathOf({})).toBe("/app/sub:/usr/local/lib/djinit/python");
  expect(pathOf({ PYTHONPATH: "/a:/b" })).toBe("/a:/b:/app/sub:/usr/local/lib/djinit/python");
});

test("the image's own, and an image without one, are told nothing; nor is root", () => {
  expect(pathOf({ PATH: "/nowhere" })).toBeUndefined();
  expect(pathOf({ PATH: "/opt/venv/bin" })).toBeUndefined();
  expect(pathOf({ DJINIT_COMMAND_USER: "root", PYTHONPATH: "/a" })).toBe("/a");
});

test("a reload keeps what has been added to the value of an env file", () => {
  const file = join(programs, "env");
  writeFileSync(file, "PYTHONPATH=/a\nOTHER=1\n");
  const { environment, sources } = withPythonPath(loadConfig({ PATH: programs, DJINIT_ENV_FILE: file }));
  expect(environment["PYTHONPATH"]).toBe("/a:/app:/usr/local/lib/djinit/python");
  expect(Object.keys(sources.origins)).toEqual(["OTHER"]);
});
