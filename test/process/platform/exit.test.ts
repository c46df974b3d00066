import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const FIXTURE = join(import.meta.dirname, "../../fixtures/exit-while-asking.ts");

test.each([
  ["at once", 3],
  // The control: Node waits for its threads.
  ["usual", null],
])("a thread that hangs keeps no process (%s)", (how, status) => {
  const fifo = join(temporaryDirectory().path, "fifo");
  execFileSync("mkfifo", [fifo]);
  const ended = spawnSync(process.execPath, [...process.execArgv, FIXTURE, fifo, how], {
    timeout: how === "usual" ? 4_000 : 30_000,
    killSignal: "SIGKILL",
  });
  expect([
    ended.status,
    ended.stderr.toString().replaceAll(/.*Warning.*\n|.*trace-warnings.*\n/g, ""),
  ]).toEqual([status, ""]);
});
