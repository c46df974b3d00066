import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

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
