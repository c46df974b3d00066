// `npm test`: format and lint, types, then all tests. Ends with `N passed, N failed, N skipped`.
import { spawnSync } from "node:child_process";

const CHECKS: [what: string, command: string, ...words: string[]][] = [
  ["format and lint", "biome", "ci", "--error-on-warnings", "."],
  ["types", "tsc"],
];

let failed = 0;
for (const [what, command, ...words] of CHECKS) {
  console.log(`Checking ${what}`);
  if (spawnSync(command, words, { stdio: "inherit" }).status !== 0) failed += 1;
}
if (failed > 0) {
  console.log(`0 passed, ${failed} failed, 0 skipped`);
  process.exit(1);
}
const tests = spawnSync("vitest", ["run", ...process.argv.slice(2)], { stdio: "inherit" });
process.exitCode = tests.status ?? 1;
