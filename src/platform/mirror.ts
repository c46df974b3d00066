// A directory of files under another path, in which some of them read otherwise.
import { mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readUntrusted } from "../base/untrusted-file.ts";

/** Longer files are not what is to be rewritten. */
const RULES = { mostBytes: 1024 * 1024, followsLinks: true };
/** Against links that lead round in a circle. */
const DEEPEST = 12;

/**
 * Makes `to` anew: what `rewrite` changes is copied, the rest are links to the files themselves, which may be secrets.
 * Errors: the system's own, where nothing can be made at `to`.
 */
export function mirrorFiles(from: string, to: string, rewrite: (text: string) => string): void {
  rmSync(to, { recursive: true, force: true });
  mirrorDirectory(from, to, rewrite, 0);
}

function mirrorDirectory(from: string, to: string, rewrite: (text: string) => string, depth: number): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  if (depth === DEEPEST) return;
  for (const name of readdirSync(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    if (statSync(source, { throwIfNoEntry: false })?.isDirectory())
      mirrorDirectory(source, target, rewrite, depth + 1);
    else mirrorFile(source, target, rewrite);
  }
}

function mirrorFile(source: string, target: string, rewrite: (text: string) => string): void {
  const text = readText(source);
  const changed = text === undefined ? undefined : rewrite(text);
  if (changed === undefined || changed === text) symlinkSync(source, target);
  else writeFileSync(target, changed, { encoding: "latin1", mode: 0o600 });
}

/** Byte for byte. Undefined where it cannot be read: whoever wants it will say so. */
function readText(path: string): string | undefined {
  try {
    return readUntrusted(path, RULES).toString("latin1");
  } catch {
    return undefined;
  }
}
