// Installs the Python tools of python/requirements-dev.txt into node_modules/.cache, anew only if that file has changed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const REQUIREMENTS = join(ROOT, "python/requirements-dev.txt");
const DIRECTORY = join(ROOT, "node_modules/.cache/python");
const STAMP = join(DIRECTORY, "installed-from");
const VENV = join(DIRECTORY, "venv");
/** The place for a Python without venv, such as Debian's without python3-venv. */
const TARGET = join(DIRECTORY, "target");

/** An interpreter with the tools as modules: `python -m ruff`. */
export interface PythonTools {
  python: string;
  env: NodeJS.ProcessEnv;
}

/** Installs the tools if necessary. Errors: throws if there is no Python, or pip cannot install them. */
export function pythonTools(): PythonTools {
  const version = output("python3", ["-c", "import sys; print(sys.version, sys.prefix)"]);
  const wanted = createHash("sha256").update(readFileSync(REQUIREMENTS)).update(version).digest("hex");
  if (!existsSync(STAMP) || readFileSync(STAMP, "utf8") !== wanted) install(wanted);
  return existsSync(TARGET)
    ? { python: "python3", env: { ...process.env, PYTHONPATH: TARGET } }
    : { python: join(VENV, "bin/python"), env: process.env };
}

function install(wanted: string): void {
  console.log("Installing the Python tools of python/requirements-dev.txt");
  rmSync(DIRECTORY, { recursive: true, force: true });
  mkdirSync(DIRECTORY, { recursive: true });
  const pip = [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "--requirement",
    REQUIREMENTS,
  ];
  if (spawnSync("python3", ["-m", "venv", VENV], { stdio: "ignore" }).status === 0) {
    output(join(VENV, "bin/python"), pip);
  } else {
    rmSync(VENV, { recursive: true, force: true });
    output("python3", [...pip, "--target", TARGET]);
  }
  writeFileSync(STAMP, wanted);
}

function output(command: string, args: string[]): string {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status === 0) return stdout;
  const cause = error?.message ?? stderr.trim();
  throw new Error(
    `cannot prepare the Python tools: ${command} ${args.slice(0, 3).join(" ")}: ${cause}; ` +
      "Python 3.10 or later with pip has to be on PATH, and its package index reachable",
  );
}
