import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { beforeEach, expect, test } from "vitest";
import { nginxSeconds, writeNginxWaits } from "../../../src/supervise/process/nginx-waits.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const directory = temporaryDirectory();
const timeoutFile = `${directory.path}/timeout`;
const nginxFile = `${directory.path}/nginx-waits.conf`;

beforeEach(() => {
  for (const path of [timeoutFile, nginxFile]) rmSync(path, { force: true });
});

function waitsFor(): string {
  writeNginxWaits({ timeoutFile, nginxFile });
  expect(readdirSync(directory.path).filter((name) => name.endsWith(".new"))).toEqual([]);
  return readFileSync(nginxFile, "utf8");
}

const waits = (seconds: number) => `proxy_read_timeout ${seconds}s;\nproxy_send_timeout ${seconds}s;\n`;

test.each([
  [undefined, 60],
  [30, 60],
  [120, 125],
  [0, 86_400],
  [999_999_999, 86_400],
])("gunicorn's timeout %s: nginx waits for %d s", (timeout, seconds) => {
  expect(nginxSeconds(timeout)).toBe(seconds);
});

test.each([
  [undefined, 10, 10],
  [10, 10, 15],
  // gunicorn's own --timeout wins.
  [120, 10, 125],
  [0, 10, 86_400],
])("gunicorn's timeout %s, and %d s wanted: nginx waits for %d s", (timeout, wanted, seconds) => {
  expect(nginxSeconds(timeout, wanted)).toBe(seconds);
});

test("what gunicorn says is followed, in a file that anybody may read", () => {
  expect(waitsFor()).toBe(waits(60));
  writeFileSync(timeoutFile, "120");
  expect(waitsFor()).toBe(waits(125));
  expect(execFileSync("stat", ["-c", "%a", nginxFile]).toString().trim()).toBe("644");
});

test.each([
  ["no number", () => writeFileSync(timeoutFile, "120s; root /")],
  ["a huge file", () => writeFileSync(timeoutFile, "9".repeat(1_000_000))],
  ["a link", () => symlinkSync("/proc/self/oom_score_adj", timeoutFile)],
  ["a FIFO, which nobody writes to", () => execFileSync("mkfifo", [timeoutFile])],
])("%s is not believed", (_, plant) => {
  plant();
  expect(waitsFor()).toBe(waits(60));
});

test("where nothing can be written nginx's file stays as it is", () => {
  writeFileSync(timeoutFile, "120");
  const there = waitsFor();
  writeFileSync(timeoutFile, "240");
  // Not a matter of rights, which root has: the draft's name is taken by a directory.
  mkdirSync(`${nginxFile}.new`);
  expect(waitsFor()).toBe(there);
  expect(waitsFor()).toBe(waits(245));
});
