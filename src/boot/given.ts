// What the container gives djinit: its variables, the directory that it works in, the Python that its programs run on.
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Loaded, loadConfig, readConfig } from "../config/load.ts";
import type { SourcedVariables } from "../config/sources/sources.ts";
import { IMAGE_PYTHON_DIRECTORY, PYTHON_SITE } from "../plan/paths.ts";
import { readProcessors } from "../platform/cgroup/processors.ts";
import { filesFor } from "../platform/files/files-of-root.ts";
import { takeGivenEnvironment, workingDirectory } from "../platform/given-environment.ts";
import { findCommand } from "../platform/path-search.ts";

const PYTHON_PATH = "PYTHONPATH";

/** To be called once. */
export function loadGiven(): Loaded {
  return withPythonPath(
    withProcessors(
      loadConfig(takeGivenEnvironment(), workingDirectory(), filesFor(process.getuid?.() === 0)),
    ),
  );
}

/** The values of variables that were read before: some of them have another text now. */
export function readAgainFrom(variables: SourcedVariables): Pick<Loaded, "config" | "problems"> {
  return withProcessors(readConfig(variables, workingDirectory(), []));
}

function withProcessors(loaded: Loaded): Loaded {
  if (loaded.config.celeryConcurrency !== "auto") return loaded;
  return { ...loaded, config: { ...loaded.config, celeryConcurrency: readProcessors() } };
}

/**
 * The image's own Python finds the project, and djinit's modules, by itself (djinit.pth). Where another one comes first on
 * PATH, such as /app/.venv/bin, a variable says it.
 */
export function withPythonPath(loaded: Loaded): Loaded {
  const { config, environment, sources } = loaded;
  // Root imports nothing from where the application may write.
  if (config.commandUser === "root") return loaded;
  const programs = dirname(findCommand("python", environment["PATH"], config.appDirectory) ?? "");
  if (programs === "." || hasOwnPath(programs)) return loaded;
  const given = environment[PYTHON_PATH] ? [environment[PYTHON_PATH]] : [];
  return {
    ...loaded,
    environment: {
      ...environment,
      [PYTHON_PATH]: [...given, config.appDirectory, PYTHON_SITE].join(":"),
    },
    // A reload would read the file's value again, and lose what has been added to it.
    sources: { ...sources, origins: omit(sources.origins, PYTHON_PATH) },
  };
}

function omit(named: Record<string, string>, name: string): Record<string, string> {
  const { [name]: _left, ...rest } = named;
  return rest;
}

/** Unless somebody has made the image's virtual environment anew, as `uv sync` may. */
function hasOwnPath(programs: string): boolean {
  if (programs !== IMAGE_PYTHON_DIRECTORY) return false;
  const libraries = join(programs, "../lib");
  if (!existsSync(libraries)) return false;
  return readdirSync(libraries).some((name) =>
    existsSync(join(libraries, name, "site-packages", "djinit.pth")),
  );
}
