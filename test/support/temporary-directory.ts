import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** A directory of the test file's own, removed when its tests are done. */
export function temporaryDirectory(): {
  path: string;
  write: (name: string, content: string | Buffer) => string;
} {
  const path = mkdtempSync(join(tmpdir(), "djinit-test-"));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    write: (name, content) => {
      const file = join(path, name);
      writeFileSync(file, content);
      return file;
    },
  };
}
