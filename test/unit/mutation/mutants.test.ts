import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { applied, mutantsOf } from "../../mutation/mutants.ts";
import { relatedTests } from "../../mutation/related.ts";

const TABLE: [what: string, source: string, mutants: string[]][] = [
  ["a condition", "if (ready) go;", ["if (true) go;", "if (false) go;", "if (ready) ;"]],
  ["a limit", "x = a < 3;", ["x = a <= 3;", "x = a >= 3;", "x = a < 4;", ";"]],
  ["a long time", "const ms = 60_000;", ["const ms = 120000;"]],
  ["a negation", "const x = !y;", ["const x = y;"]],
  ["a call", "go(a);", [";"]],
  ["a sum", "const x = a + b;", ["const x = a - b;"]],
  ["text put together", "const x = `a` + b;", []],
  ["one or the other", "const x = a ?? b;", ["const x = a;", "const x = b;"]],
  ["both", "const x = a && b;", ["const x = a || b;"]],
  ["what is returned", "function f() { return x; }", ["function f() { return undefined; }"]],
  ["a list", "const x = [a];", ["const x = [];"]],
  ["a part of it", "const x = a.filter(f);", ["const x = a;"]],
  ["one of them", "const x = a.some(f);", ["const x = a.every(f);"]],
  ["text", 'const x = f("a");', ['const x = f("");']],
  ["an error's wording", 'throw new Error("a");', []],
  ["types and imports", 'import { a } from "a";\ntype B = "b";\nlet c: 3 | undefined;', []],
];

test.each(TABLE)("%s", (_, source, mutants) => {
  const made = mutantsOf(source).map((mutant) => applied(source, mutant));
  expect(made.toSorted()).toEqual(mutants.toSorted());
});

test("the tests of a file are those that load it: first those that import it or lie in its mirrored folder", () => {
  const root = mkdtempSync(join(tmpdir(), "djinit-mutation-"));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  try {
    write("src/logs/a.ts", "");
    write("src/b.ts", 'import { a } from "./logs/a.ts";\n');
    write("test/far.test.ts", 'import { b } from "../src/b.ts";\n');
    write("test/near.test.ts", 'import {\n  a,\n} from "../src/logs/a.ts";\n');
    write("test/type.test.ts", 'import type { A } from "../src/logs/a.ts";\n');
    write("test/logs/mirror.test.ts", 'import { b } from "../../src/b.ts";\n');
    write("test/logs/other.test.ts", "");
    expect(relatedTests(root, "test", "src/logs/a.ts").map((group) => group.sort())).toEqual([
      ["test/logs/mirror.test.ts", "test/near.test.ts"],
      ["test/far.test.ts"],
    ]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
