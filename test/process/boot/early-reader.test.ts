import {
  chmodSync,
  closeSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";
import { readSettingsEarly } from "../../../src/boot/django/early-reader.ts";
import { eventually } from "../../support/eventually.ts";

const LIMIT_MS = 20_000;
const NEVER = new AbortController().signal;
const directory = mkdtempSync(join(tmpdir(), "djinit-early-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** Begins with a `python` that is this script. */
function begin(script: string) {
  writeFileSync(join(directory, "python"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory, "python"), 0o755);
  const environment = { PATH: `${directory}:${process.env["PATH"]}`, DATABASE_URL: "a" };
  return readSettingsEarly({ appDirectory: directory, migrationsDatabaseUrl: "b" }, environment, []);
}

const openFds = () => readdirSync("/proc/self/fd").length;

test("whoever takes it gets what it has said so far, and nobody else does", async () => {
  const reader = begin('echo "$PWD $DATABASE_URL $3"; echo oops >&2; echo report >&3');
  const early = await reader.take(NEVER);
  expect(await reader.take(NEVER)).toBeUndefined();
  if (early === undefined) throw new Error("cannot take it");
  const { interpreter, stdout, stderr } = early;
  expect(await text(interpreter.socket)).toBe("report\n");
  expect(await interpreter.ended).toEqual({ status: 0, signal: null });
  const said = (fd: number) => {
    const bytes = Buffer.alloc(1_000);
    return bytes.toString("utf8", 0, readSync(fd, bytes));
  };
  expect(said(stdout.readFd)).toBe(`${directory} b read-settings\n`);
  expect(said(stderr.readFd)).toBe("oops\n");
  for (const { readFd, writeFd } of [stdout, stderr]) for (const fd of [readFd, writeFd]) closeSync(fd);
  // It is not anybody's to end any more.
  reader.discard();
});

test("one that nobody has a use for is ended, and nothing of it stays open", async () => {
  const before = openFds();
  const reader = begin(`echo $$ > ${directory}/pid; exec sleep 1000`);
  const pid = await eventually(() => Number(readFileSync(join(directory, "pid"), "utf8").trim()) || false, {
    what: "it runs",
    timeoutMs: LIMIT_MS,
  });
  reader.discard();
  const isGone = () => !readdirSync("/proc").includes(String(pid));
  await eventually(isGone, { what: "it is gone", timeoutMs: LIMIT_MS });
  await eventually(() => openFds() <= before, { what: "its descriptors are closed", timeoutMs: LIMIT_MS });
  expect(await reader.take(NEVER)).toBeUndefined();
});
