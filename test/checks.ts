// What the code must be before any test runs: formatted, linted, typed. `npm run lint`, and the first part of `npm test`.
import { spawnSync } from "node:child_process";
import { pythonTools } from "../tools/python/environment.ts";

const CHECKS: [what: string, command: string, ...args: string[]][] = [
  ["format and lint", "biome", "ci", "--error-on-warnings", "."],
  ["types", "tsc"],
];

const PYTHON = ["python", "docker/etc/gunicorn/config.py"];
const CONFIGURATION = "python/pyproject.toml";
const PYTHON_CHECKS: [what: string, module: string, ...args: string[]][] = [
  [
    "Python's format",
    "ruff",
    "format",
    "--check",
    "--no-cache",
    "--quiet",
    "--config",
    CONFIGURATION,
    ...PYTHON,
  ],
  ["Python's lint", "ruff", "check", "--no-cache", "--quiet", "--config", CONFIGURATION, ...PYTHON],
  ["Python's types", "mypy", "--no-error-summary", "--config-file", CONFIGURATION, ...PYTHON],
];

/** Runs every check and returns how many failed. */
export function runChecks(): number {
  let failed = 0;
  for (const [what, command, ...args] of CHECKS) {
    console.log(`Checking ${what}`);
    if (spawnSync(command, args, { stdio: "inherit" }).status !== 0) failed += 1;
  }
  return failed + runPythonChecks();
}

function runPythonChecks(): number {
  let failed = 0;
  try {
    const { python, env } = pythonTools();
    for (const [what, module, ...args] of PYTHON_CHECKS) {
      console.log(`Checking ${what}`);
      if (spawnSync(python, ["-m", module, ...args], { stdio: "inherit", env }).status !== 0) failed += 1;
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    failed += 1;
  }
  return failed;
}

if (import.meta.main) process.exitCode = runChecks() === 0 ? 0 : 1;
