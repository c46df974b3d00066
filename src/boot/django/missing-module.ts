// Where a module may lie that Python has not found: in a directory below the project's, or in a virtual environment of its own.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { listNames } from "../../base/untrusted-file.ts";
import { VARIABLES } from "../../config/variables.ts";
import { findCommand } from "../../platform/path-search.ts";

export interface ModulePlace {
  appDirectory: string;
  settingsModule: string | undefined;
  /** The application's. */
  path: string | undefined;
}

const MOST_NAMES = 1_000;
/** What uv, poetry and python -m venv make. */
const ENVIRONMENTS = [".venv", "venv", "env"];

/** What goes on a sentence about it; empty: nothing is known. */
export function sayWhereElse(module: string, place: ModulePlace): string {
  const { appDirectory, settingsModule } = place;
  const environment = environmentOf(module, place);
  if (environment !== undefined)
    return `; it is installed in ${environment}, which does not come first on PATH: say ENV PATH=${environment}/bin:$PATH`;
  if (module !== settingsModule?.split(".")[0]) return "";
  const below = namesIn(appDirectory).find((name) => hasModule(join(appDirectory, name), module));
  const lies =
    below === undefined
      ? ""
      : `; it lies in ${join(appDirectory, below)}: make that the WORKDIR, or ${VARIABLES.appDirectory.name}`;
  return ` (looked for in ${appDirectory}, the application's directory, and in what is installed${lies})`;
}

function environmentOf(module: string, { appDirectory, path }: ModulePlace): string | undefined {
  const used = dirname(findCommand("python", path, appDirectory) ?? "");
  return ENVIRONMENTS.map((name) => join(appDirectory, name)).find((environment) => {
    if (used === join(environment, "bin") || !existsSync(join(environment, "bin/python"))) return false;
    const libraries = join(environment, "lib");
    return namesIn(libraries).some((name) => hasModule(join(libraries, name, "site-packages"), module));
  });
}

function hasModule(directory: string, module: string): boolean {
  return [`${module}/__init__.py`, `${module}.py`].some((name) => existsSync(join(directory, name)));
}

function namesIn(directory: string): string[] {
  try {
    return listNames(directory, MOST_NAMES).sort();
  } catch {
    return [];
  }
}
