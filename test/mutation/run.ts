// npm run mutation -- FOLDER… [--sample N] [--near] [--process]
// Changes one thing in a file of src/, runs the tests that load the file, and lists the changes that none of them notices.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { applied, type Mutant, mutantsOf } from "./mutants.ts";
import { relatedTests } from "./related.ts";
import { copyTree } from "./tree.ts";

const USAGE = `npm run mutation -- PATH… [--sample N] [--near] [--process]

PATH         a folder or a file of src/, such as logs/parse
--sample N   every Nth mutant only
--near       ask only the tests that import the file or lie in the folder that mirrors its own: minutes instead of an hour
--process    ask the tests of test/process, too, whether they notice what the unit and contract tests do not`;

/** A change may have made a loop that does not end. */
const TIMEOUT_SECONDS = 90;
/** Each run sees only processes of its own: a change may send a signal to -1, or forget a child. */
const OWN_PROCESSES = "timeout";
const OWN_ARGS = [
  ...["--signal=KILL", String(TIMEOUT_SECONDS)],
  ...["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"],
];
const VITEST = ["vitest", "run", "--bail=1", "--maxWorkers=1", "--reporter=dot"];
const ROOT = join(import.meta.dirname, "../..");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: "string", default: "1" },
    near: { type: "boolean", default: false },
    process: { type: "boolean", default: false },
  },
});
const step = Number(values.sample);
if (positionals.length === 0 || !(step >= 1)) {
  console.error(USAGE);
  process.exit(2);
}

const { copy, remove } = copyTree(ROOT);
process.on("SIGINT", () => process.exit(130)).on("SIGTERM", () => process.exit(143));
process.on("exit", remove);
const folders = ["test/unit", "test/contract", ...(values.process ? ["test/process"] : [])];
const total = { made: 0, killed: 0 };
for (const path of positionals) {
  for (const file of sourceFiles(path)) {
    const counted = await mutate(file);
    total.made += counted.made;
    total.killed += counted.killed;
    console.log(`${file}: ${counted.killed} of ${counted.made} noticed`);
  }
}
console.log(`all: ${total.killed} of ${total.made} noticed`);

function sourceFiles(path: string): string[] {
  if (path.endsWith(".ts")) return [join("src", path)];
  return readdirSync(join(copy, "src", path), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join("src", path, name))
    .sort();
}

async function mutate(file: string): Promise<{ made: number; killed: number }> {
  const source = readFileSync(join(copy, file), "utf8");
  const mutants = mutantsOf(source).filter((_, index) => index % step === 0);
  const tests = folders.flatMap((folder) =>
    values.near ? relatedTests(copy, folder, file).slice(0, 1) : relatedTests(copy, folder, file),
  );
  if (mutants.length > 0 && tests.length > 0 && (await isNoticed(tests)))
    throw new Error(`the tests of ${file} fail before anything is changed`);
  let killed = 0;
  for (const mutant of mutants) {
    writeFileSync(join(copy, file), applied(source, mutant));
    if (await isNoticed(tests)) killed += 1;
    else console.log(`  ${placeOf(file, source, mutant)}`);
  }
  writeFileSync(join(copy, file), source);
  return { made: mutants.length, killed };
}

/** Whether one of the tests fails, those of the first group being asked first. */
async function isNoticed(tests: string[][]): Promise<boolean> {
  for (const found of tests) {
    const run = spawn(OWN_PROCESSES, [...OWN_ARGS, ...VITEST, ...found], { cwd: copy, stdio: "ignore" });
    const [status] = await once(run, "close");
    if (status !== 0) return true;
  }
  return false;
}

function placeOf(file: string, source: string, mutant: Mutant): string {
  const before = source.slice(0, mutant.start);
  const line = before.split("\n").length;
  const text = source.slice(mutant.start, mutant.end).replaceAll(/\s+/g, " ");
  return `${file}:${line} ${text} → ${mutant.text}`;
}
