import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Reaper } from "../../../src/supervise/process/reaper.ts";

/** What one of test/fixtures/reaper says. A process of its own, for it becomes the parent of orphans. */
function run(name: string): unknown {
  const program = fileURLToPath(new URL(`../../fixtures/reaper/${name}.ts`, import.meta.url));
  return JSON.parse(
    execFileSync(process.execPath, ["--disable-warning=ExperimentalWarning", program], { encoding: "utf8" }),
  );
}

test("an orphan is reaped though a dead child of Node's stands before it, which is left to Node", () => {
  expect(run("behind-a-child")).toEqual({ child: "Z", status: 7 });
});

test("a service whose end the boot has seen already ends with that status: nobody can wait for it again", async () => {
  const reaper = new Reaper([{ pid: 4_194_304, endStatus: 7 }]);
  expect(await reaper.endOf(4_194_304)).toBe(7);
});
