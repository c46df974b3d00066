// npm run test:cgroup2: sizes, limits, metrics and the record of a kill for want of memory under version 2 of cgroups, in a virtual machine.
// The machine that runs the other tests may have version 1. It takes half an hour where no hardware helps.
import { join } from "node:path";
import { ensureEngine } from "../../tools/engine/engine.ts";
import { buildTestImages } from "../support/images.ts";
import { makeDisk, requirePrograms, runMachine } from "./machine.ts";

const DIRECTORY = join(import.meta.dirname, "../../node_modules/.cache/cgroup2");

requirePrograms();
await ensureEngine();
const { example } = await buildTestImages();
makeDisk(DIRECTORY, example, join(import.meta.dirname, "inside.sh"));

const results: { ok: boolean; name: string }[] = [];
let isDone = false;
await runMachine(DIRECTORY, (line) => {
  const [, outcome, name] = /^CHECK (ok|failed) (.+)$/.exec(line) ?? [];
  if (name !== undefined) results.push({ ok: outcome === "ok", name });
  if (line === "CHECKS done") isDone = true;
  console.log(line);
});
const failed = results.filter(({ ok }) => !ok);
for (const { name } of failed) console.log(`failed: ${name}`);
if (!isDone) console.log("failed: the virtual machine ended before its last check");
console.log(`${results.length - failed.length} passed, ${failed.length + (isDone ? 0 : 1)} failed`);
process.exitCode = isDone && failed.length === 0 ? 0 : 1;
