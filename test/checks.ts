// What the code must be before any test runs: formatted, linted, typed. `npm run lint`, and the first part of `npm test`.
import { spawnSync } from "node:child_process";

const CHECKS: [what: string, command: string, ...args: string[]][] = [
  ["format and lint", "biome", "ci", "--error-on-warnings", "."],
  ["types", "tsc"],
];

/** Runs every check and returns how many failed. */
export function runChecks(): number {
  let failed = 0;
  for (const [what, command, ...args] of CHECKS) {
    console.log(`Checking ${what}`);
    if (spawnSync(command, args, { stdio: "inherit" }).status !== 0) failed += 1;
  }
  return failed;
}

if (import.meta.main) process.exitCode = runChecks() === 0 ? 0 : 1;
