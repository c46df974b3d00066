import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { readProcessStat } from "../../../src/platform/proc.ts";
import { signalTree } from "../../../src/platform/process-tree.ts";
import { eventually } from "../../support/eventually.ts";

const isGone = (pid: number): boolean => ["Z", "X", undefined].includes(readProcessStat(pid)?.state);

test("a signal reaches a process, its children and theirs, and nobody else; what has gone is no error", async () => {
  const bystander = spawn("sleep", ["600"]);
  const child = spawn("sh", ["-c", "sh -c 'sleep 600 & echo $!; wait' & echo $!; wait"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const pids: number[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => pids.push(Number(line)));
  await eventually(() => pids.length === 2, { what: "both are started" });
  const ended = once(child, "exit");
  signalTree(child.pid as number, "SIGKILL");
  expect(await ended).toEqual([null, "SIGKILL"]);
  await eventually(() => pids.every(isGone), { what: "all have ended" });
  expect(isGone(bystander.pid as number)).toBe(false);
  signalTree(child.pid as number, "SIGKILL");
  bystander.kill("SIGKILL");
});
