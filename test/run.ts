// `npm test`: the checks, then all tests. Ends with `N passed, N failed, N skipped`.
import { spawnSync } from "node:child_process";
import { runChecks } from "./checks.ts";

const failed = runChecks();
if (failed > 0) {
  console.log(`0 passed, ${failed} failed, 0 skipped`);
  process.exit(1);
}
const tests = spawnSync("vitest", ["run", ...process.argv.slice(2)], { stdio: "inherit" });
process.exitCode = tests.status ?? 1;
