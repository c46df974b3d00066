// A copy of the working tree, to be changed at will.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export function copyTree(root: string): { copy: string; remove: () => void } {
  const copy = mkdtempSync(join(tmpdir(), "djinit-mutation-"));
  const listed = spawnSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  for (const name of listed.stdout.split("\0"))
    if (name !== "" && existsSync(join(root, name)))
      cpSync(join(root, name), join(copy, name), { verbatimSymlinks: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  return { copy, remove: () => rmSync(copy, { recursive: true, force: true }) };
}
