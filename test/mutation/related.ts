// Which test files load a file of src/, by what they import.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/**
 * In groups: the tests that import the file itself, or lie in the folder that mirrors its own, come first; those that load it by
 * others follow. Paths are relative to `root`.
 */
export function relatedTests(root: string, folder: string, file: string): string[][] {
  const tests = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(folder, name));
  const distances = tests.map((test) => ({ test, distance: distanceTo(root, test, file) }));
  const mirror = join(folder, relative("src", dirname(file)));
  const isNear = (test: string, distance: number) => distance === 1 || dirname(test) === mirror;
  const near = distances.filter(({ test, distance = 0 }) => distance > 0 && isNear(test, distance));
  const far = distances.filter(({ test, distance = 0 }) => distance > 0 && !isNear(test, distance));
  return [near, far].map((group) => group.map(({ test }) => test)).filter((group) => group.length > 0);
}

/** How many imports lie between; undefined where the test does not load the file at all. */
function distanceTo(root: string, test: string, file: string): number | undefined {
  const seen = new Set([test]);
  let level = [test];
  for (let distance = 0; level.length > 0; distance += 1) {
    if (level.includes(file)) return distance;
    level = level.flatMap((name) => importsOf(root, name)).filter((name) => !seen.has(name));
    for (const name of level) seen.add(name);
  }
  return undefined;
}

const known = new Map<string, string[]>();

function importsOf(root: string, name: string): string[] {
  const path = join(root, name);
  let imports = known.get(path);
  if (imports === undefined) {
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    const found = text.matchAll(/^(?:import|export) (?!type\b)[^;()]*"(\.[^"]+)";$|import\("(\.[^"]+)"\)/gm);
    imports = [...found].map(([, loaded, later]) => join(dirname(name), loaded ?? later ?? ""));
    known.set(path, imports);
  }
  return imports;
}
