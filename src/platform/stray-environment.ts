// A virtual environment that has the project's packages, and is not the one whose Python runs.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { findCommand } from "./path-search.ts";
import { CLOSED, whyMissing } from "./script-interpreter.ts";

/** uv and poetry make the first in the project's directory; the others are habits. */
const USUAL = [".venv", "venv", "env"];

/** Where `program` lacks a module: which environment may have it, and why that is not asked. Undefined: there is none. */
export function findStrayEnvironment(
  program: string,
  path: string | undefined,
  directory: string,
): string | undefined {
  const found = findCommand(program, path, directory);
  if (found === undefined) return undefined;
  const used = dirname(found);
  const onPath = (path ?? "").split(":");
  const before = onPath.slice(0, onPath.indexOf(used));
  const usual = USUAL.map((name) => join(directory, name, "bin"));
  const bin = [...before, ...usual].find((it) => it !== used && existsSync(join(it, "../pyvenv.cfg")));
  if (bin === undefined) return undefined;
  const python = join(bin, "python");
  const environment = dirname(bin);
  const why = whyMissing(python);
  if (why?.endsWith(CLOSED))
    return `the virtual environment ${environment} cannot be used, for its bin/python ${why}: keep that Python elsewhere (UV_PYTHON_INSTALL_DIR)`;
  if (why !== undefined)
    return `the virtual environment ${environment} is another image's, for its bin/python ${why}: make it in a stage FROM djinit`;
  if (before.includes(bin))
    return `${program} is that of ${dirname(used)}, and ${environment} comes first on PATH: install ${program} there, too`;
  return `the virtual environment ${environment} is not on PATH: ENV PATH=${bin}:$PATH`;
}
