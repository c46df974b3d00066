// Variables that come from files. No variable is known by name here: the supervising half reads the files again without
// loading the table of variables.
import { resolve } from "node:path";
import { GIVEN_FILES, type GivenFiles } from "../../base/given-file.ts";
import type { Problem } from "../problem.ts";
import { addEnvFiles } from "./env-files.ts";
import { addSecretFiles } from "./secret-files.ts";
import { addSecretsDirectory } from "./secrets-directory.ts";
import type { Environment, FileSources, Reading, SourcedVariables } from "./sources.ts";

/** Adds the files' variables to those of the container. What cannot be read is a problem. */
export function readSources(
  given: Environment,
  own: readonly string[],
  problems: Problem[],
  files: GivenFiles = GIVEN_FILES,
): SourcedVariables {
  const envFiles = (given["DJINIT_ENV_FILE"] ?? "").split(":").filter((path) => path !== "");
  const { environment, sources } = begin(given, {
    envFiles,
    secretsDirectory: undefined,
    own: [...own],
    named: [],
    unset: [],
  });
  const reading: Reading = { environment, files, held: [], writers: {}, problems, sources };
  addEnvFiles(reading);
  const directory = environment["DJINIT_SECRETS_DIR"];
  if (directory) sources.secretsDirectory = resolve(directory);
  sources.named = (environment["DJINIT_SECRETS"] ?? "").split(",").map((name) => name.trim());
  return addFiles(reading);
}

/** Reads the files again, for variables that were read before: their content may have changed. */
export function readAgain(
  { environment, sources }: SourcedVariables,
  problems: Problem[],
  files: GivenFiles = GIVEN_FILES,
): SourcedVariables {
  const given = { ...environment, ...sources.taken };
  for (const name of Object.keys(sources.origins)) if (!(name in sources.taken)) delete given[name];
  const held = Object.keys(sources.origins).filter(
    (name) => sources.origins[name] === `file:${environment[`${name}_FILE`]}`,
  );
  const reading = { ...begin(given, sources), files, held, writers: {}, problems };
  addEnvFiles(reading);
  return addFiles(reading);
}

function begin(given: Environment, sources: Omit<FileSources, "origins" | "taken">): SourcedVariables {
  return { environment: { ...given }, sources: { ...sources, origins: {}, taken: {} } };
}

function addFiles(reading: Reading): SourcedVariables {
  addSecretFiles(reading);
  addSecretsDirectory(reading);
  return { environment: reading.environment, sources: reading.sources };
}
