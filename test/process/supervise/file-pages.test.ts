import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("a process gives up most pages of its files, and works", () => {
  const program = fileURLToPath(new URL("../../fixtures/file-pages/drop.ts", import.meta.url));
  const text = execFileSync(process.execPath, ["--disable-warning=ExperimentalWarning", program], {
    encoding: "utf8",
  });
  const { before, after, works } = JSON.parse(text) as { before: number; after: number; works: string };
  expect(works).toBe("November");
  expect(before).toBeGreaterThan(30);
  expect(after).toBeLessThan(before / 2);
});
