import { lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mirrorFiles } from "../../../src/platform/mirror.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const rewrite = (text: string): string => text.replaceAll("old", "new");

test("what reads otherwise is copied, the rest are links, and directories behind links are followed", () => {
  const [from, to] = [temporaryDirectory().path, join(temporaryDirectory().path, "deep/copy")];
  mkdirSync(join(from, "real"));
  writeFileSync(join(from, "real/a.conf"), "old caf\xe9", "latin1");
  writeFileSync(join(from, "key.pem"), "secret");
  symlinkSync("real", join(from, "conf.d"));
  symlinkSync("/nowhere", join(from, "broken"));
  symlinkSync(".", join(from, "circle"));
  mirrorFiles(from, to, rewrite);
  expect(readFileSync(join(to, "conf.d/a.conf"), "latin1")).toBe("new caf\xe9");
  expect(lstatSync(join(to, "conf.d/a.conf")).mode & 0o777).toBe(0o600);
  expect(readlinkSync(join(to, "key.pem"))).toBe(join(from, "key.pem"));
  expect(readlinkSync(join(to, "broken"))).toBe(join(from, "broken"));
});

test("it is made anew each time", () => {
  const [from, to] = [temporaryDirectory().path, join(temporaryDirectory().path, "copy")];
  writeFileSync(join(from, "a.conf"), "old");
  mirrorFiles(from, to, rewrite);
  writeFileSync(join(from, "a.conf"), "very old");
  mirrorFiles(from, to, rewrite);
  expect(readFileSync(join(to, "a.conf"), "utf8")).toBe("very new");
});
