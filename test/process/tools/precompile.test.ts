// What V8 has made of a program is the same each time, or no two images would be equal: however often memory was collected meanwhile,
// and whatever V8's compilers had begun.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { beforeAll, expect, test } from "vitest";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const { path, write } = temporaryDirectory();
/** Before the code: V8's version and options, and the sum of both. */
const HEAD_BYTES = 32;

/** It makes itself worth a compiler, and enough texts that memory is collected. */
const HOT = `const add = (a, b) => a + b;
let sum = 0;
for (let at = 0; at < 20000; at += 1) sum = add(sum, String(at).length);
exports.sum = sum;`;

let program: string;
beforeAll(async () => {
  const entry = join(import.meta.dirname, "../../../src/precompiled/precompile.ts");
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    format: "cjs",
    write: false,
  });
  program = outputFiles[0]?.text ?? "";
});

function codeWith(...options: string[]): string {
  write("package.json", '{ "type": "commonjs" }');
  write("precompile.js", program);
  for (const name of ["dispatch", "libc", "supervise"]) write(`${name}.js`, HOT);
  execFileSync(process.execPath, [
    "--random-seed=1",
    ...options,
    join(path, "precompile.js"),
    "keep",
    "second",
  ]);
  return readFileSync(join(path, "code/second/supervise")).subarray(HEAD_BYTES).toString("latin1");
}

test("the code of a bundle", () => {
  const code = codeWith();
  expect(code).toContain(join(path, "supervise.js"));
  for (const options of [
    ["--gc-interval=100"],
    ["--always-sparkplug"],
    ["--no-sparkplug", "--no-maglev", "--no-opt"],
  ])
    expect(codeWith(...options) === code, options.join(" ")).toBe(true);
});
