// Where the values of variables come from. The second life of PID 1 is handed it as JSON.
import type { GivenFiles } from "../../base/given-file.ts";
import type { Problem } from "../problem.ts";

export type Environment = Record<string, string>;

export interface FileSources {
  /** Files of NAME=value lines; a later one wins. */
  envFiles: string[];
  /** A directory with a file for each variable. */
  secretsDirectory: string | undefined;
  /** djinit's variables: their NAME_FILE has to be a file that can be read, and no service gets it. */
  own: string[];
  /** Variables of the application whose NAME_FILE has to be a file that can be read, wherever it lies. */
  named: string[];
  /** Names that files do not set: `NAME` also stands for NAME_FILE, and `NAME_*` for every name with that prefix. */
  unset: string[];
  /** Variables that do not have the container's own value → where it comes from: `env-file:PATH`, `file:PATH`. */
  origins: Record<string, string>;
  /** Variables of the container as it gave them, where something else stands in the environment now, or nothing. */
  taken: Record<string, string>;
}

export interface SourcedVariables {
  environment: Environment;
  sources: FileSources;
}

/** What a source of values works with. It adds to `environment` and `origins`. */
export interface Reading extends SourcedVariables {
  files: GivenFiles;
  problems: Problem[];
  /** Env files that others than root may write, and who. */
  writers: Record<string, readonly number[]>;
  /** Variables that their NAME_FILE has given before. It must not be missed in silence. */
  held: readonly string[];
}

/** Gives `name` a value that is not the container's own. */
export function setFrom(
  { environment, sources }: SourcedVariables,
  name: string,
  value: string,
  origin: string,
): void {
  const before = environment[name];
  if (before !== undefined && sources.origins[name] === undefined) sources.taken[name] = before;
  environment[name] = value;
  sources.origins[name] = origin;
}

/** `NAME` also stands for NAME_FILE, and `NAME_*` for every name with that prefix. */
export function isNamed(name: string, names: readonly string[]): boolean {
  return names.some((it) =>
    it.endsWith("*") ? name.startsWith(it.slice(0, -1)) : name === it || name === `${it}_FILE`,
  );
}

const ENV_FILE = "env-file:";

export function originOfEnvFile(path: string): string {
  return `${ENV_FILE}${path}`;
}

export function isFromEnvFile(origin: string | undefined): boolean {
  return envFileOf(origin) !== undefined;
}

/** The path of the env file that a value is from. */
export function envFileOf(origin: string | undefined): string | undefined {
  return origin?.startsWith(ENV_FILE) ? origin.slice(ENV_FILE.length) : undefined;
}

/** Users besides root who may have chosen the value of one of these variables: they must not be given a file that root alone may read. */
export function guidesOf({ sources, writers }: Reading, ...variables: string[]): number[] {
  return variables.flatMap((name) => {
    const path = envFileOf(sources.origins[name]);
    return (path !== undefined && writers[path]) || [];
  });
}
