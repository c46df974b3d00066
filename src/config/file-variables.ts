// Variables that come from files: DJINIT_ENV_FILE and, for secrets, NAME_FILE. No variable is known by name here: the
// supervising half reads the files again without loading the table of variables.
import { readEnvFile } from "./env-file.ts";
import type { Problem } from "./problem.ts";
import { readSecretFiles } from "./secret-file.ts";

export type Environment = Record<string, string>;

/** Which variables come from files instead of the container's own environment. */
export interface FileSources {
  envFile: string | undefined;
  /** The variables that the env file set. */
  fromEnvFile: string[];
  /** NAME → the file that holds it. */
  secretFiles: Record<string, string>;
  /** Variables that may be given as NAME_FILE. */
  secretNames: string[];
}

export interface FileVariables {
  environment: Environment;
  sources: FileSources;
}

/** Adds the files' variables to `given`. Those that `given` has already win. A file that cannot be read is a problem. */
export function readFileVariables(
  given: Environment,
  { envFile, secretNames }: Pick<FileSources, "envFile" | "secretNames">,
  problems: Problem[],
): FileVariables {
  const environment = { ...given };
  const fromEnvFile: string[] = [];
  for (const [name, value] of Object.entries(readEnvFile(envFile, problems))) {
    if (environment[name] !== undefined) continue;
    environment[name] = value;
    fromEnvFile.push(name);
  }
  const secretFiles = readSecretFiles(secretNames, environment, problems);
  refuseNulBytes(environment, problems);
  return { environment, sources: { envFile, fromEnvFile, secretFiles, secretNames } };
}

/** Reads the files again, for an environment that was read before: their content may have changed. */
export function readAgain({ environment, sources }: FileVariables, problems: Problem[]): FileVariables {
  const given = { ...environment };
  for (const name of sources.fromEnvFile) delete given[name];
  for (const [name, path] of Object.entries(sources.secretFiles)) {
    delete given[name];
    // If the env file names the secret's file, it may name another one now.
    if (!sources.fromEnvFile.includes(`${name}_FILE`)) given[`${name}_FILE`] = path;
  }
  return readFileVariables(given, sources, problems);
}

/** A file may contain NUL bytes, which no environment can carry. */
function refuseNulBytes(environment: Environment, problems: Problem[]): void {
  for (const [name, value] of Object.entries(environment)) {
    if (value.includes("\0"))
      problems.push({ variable: name, problem: `${name} has a NUL byte in its value` });
  }
}
