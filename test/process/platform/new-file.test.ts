import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeNewFile } from "../../../src/platform/new-file.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

test("what cannot be finished is not there", () => {
  const path = join(temporaryDirectory().path, "file");
  // Nobody but root may give a file away, and root may not to this one.
  expect(() =>
    writeNewFile(path, "text", { mode: 0o600, owner: { name: "nobody", uid: -2, gid: 0 } }),
  ).toThrow();
  expect(existsSync(path)).toBe(false);
});
