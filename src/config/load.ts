import * as v from "valibot";
import { GIVEN_FILES, type GivenFiles } from "../base/given-file.ts";
import { SERVICES } from "./log-types.ts";
import { isServiceLink, sayServiceLink, slipIn } from "./mistakes.ts";
import type { Problem } from "./problem.ts";
import { type Procfile, readProcfile } from "./procfile.ts";
import { readSources } from "./sources/read.ts";
import type { Environment, FileSources, SourcedVariables } from "./sources/sources.ts";
import { type Config, DEFAULT_APP_DIRECTORY, VARIABLES, type Variable } from "./variables.ts";

export type { Environment } from "./sources/sources.ts";

export interface Loaded {
  config: Config;
  /** The container's environment with what the env file and the secret files add to it. */
  environment: Environment;
  /** Which of its variables come from files. */
  sources: FileSources;
  procfile: Procfile;
  /** Bad values. If there is one, nothing may start and `config` must not be used. */
  problems: Problem[];
  /** Values that work but probably do not do what was meant. */
  warnings: Problem[];
}

/** They say where variables come from, are the application's own, or stand for many names, some of which end with _FILE. */
const NOT_FROM_FILES: string[] = [
  VARIABLES.envFile.name,
  VARIABLES.secrets.name,
  VARIABLES.secretsDirectory.name,
  VARIABLES.allowedHosts.name,
  VARIABLES.djangoAllowedHosts.name,
  VARIABLES.superuserFields.name,
  VARIABLES.healthCommands.name,
  VARIABLES.vaultAddress.name,
  VARIABLES.vaultNamespace.name,
  VARIABLES.vaultToken.name,
  VARIABLES.vaultTokenFile.name,
  VARIABLES.vaultAuthority.name,
  VARIABLES.vaultServerName.name,
];

/** The variables that may be given as NAME_FILE. */
const OWN = Object.values(VARIABLES)
  .map(({ name }): string => name)
  .filter((name) => !NOT_FROM_FILES.includes(name));

const LOOKS_OFF = /^(0|no|off|false)$/i;

/**
 * Reads every variable once. Never throws for bad values: all of them come back together in `problems`. `workingDirectory`
 * is the container's: the project lies there, unless a variable says otherwise.
 */
export function loadConfig(
  container: NodeJS.ProcessEnv,
  workingDirectory: string = DEFAULT_APP_DIRECTORY,
  files: GivenFiles = GIVEN_FILES,
): Loaded {
  const problems: Problem[] = [];
  return readConfig(readContainer(container, problems, files), workingDirectory, problems);
}

/** What the container gives, with the values that come from files. */
export function readContainer(
  container: NodeJS.ProcessEnv,
  problems: Problem[],
  files: GivenFiles,
): SourcedVariables {
  const given: Environment = {};
  for (const [name, value] of Object.entries(container)) if (value !== undefined) given[name] = value;
  return readSources(given, OWN, problems, files);
}

/** The values of variables whose text is known. Bad ones are added to `problems`. */
export function readConfig(
  { environment, sources }: SourcedVariables,
  workingDirectory: string,
  problems: Problem[],
): Loaded {
  const warnings: Problem[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, variable] of Object.entries(VARIABLES) as [string, Variable][]) {
    const { masked = isFromSecretFile(variable.name, sources) } = variable;
    values[key] = readVariable({ ...variable, masked }, environment, problems, warnings);
  }
  if (!environment[VARIABLES.appDirectory.name] && workingDirectory !== "/")
    values["appDirectory"] = workingDirectory;
  values["healthCommands"] = readForEntries(
    VARIABLES.healthCommands,
    { environment, sources },
    problems,
    warnings,
  );
  values["stopSignals"] = readForEntries(VARIABLES.stopSignals, { environment, sources }, problems, warnings);
  const config = values as Config;
  const procfile = readProcfile(config.appDirectory ?? workingDirectory);
  problems.push(...findLevelProblems(config, procfile));
  warnOfUnknown(environment, warnings);
  return { config, environment, sources, procfile, problems, warnings };
}

/** Whatever lies in a file of secrets is not shown. */
export function isFromSecretFile(name: string, { origins }: FileSources): boolean {
  return origins[name]?.startsWith("file:") ?? false;
}

/** Names of their own, which those of single entries of the Procfile must not be taken for. */
const OTHER_HEALTH: string[] = [VARIABLES.healthPeriodMs.name, VARIABLES.healthTimeoutMs.name];
const FOR_ENTRIES: readonly Variable[] = [VARIABLES.healthCommands, VARIABLES.stopSignals];

function isForEntry(name: string, { name: pattern }: Variable): boolean {
  return name.startsWith(pattern.slice(0, -1)) && !OTHER_HEALTH.includes(name);
}

/** By what follows in the name. */
function readForEntries(
  variable: Variable,
  { environment, sources }: SourcedVariables,
  problems: Problem[],
  warnings: Problem[],
): Record<string, unknown> {
  const names = Object.keys(environment).filter((name) => isForEntry(name, variable) && environment[name]);
  const read = (name: string) => {
    const masked = isFromSecretFile(name, sources);
    return readVariable({ ...variable, name, masked }, environment, problems, warnings);
  };
  return Object.fromEntries(names.map((name) => [name.slice(variable.name.length - 1), read(name)]));
}

/** A level is given to djinit's services, or to an entry of the Procfile. */
function findLevelProblems({ logLevels }: Config, { entries }: Procfile): Problem[] {
  const names = [...SERVICES, ...entries.map(({ name }) => name)];
  return Object.keys(logLevels?.services ?? {})
    .filter((name) => !names.includes(name))
    .map((name) => {
      const variable = VARIABLES.logLevels.name;
      const problem = `${variable} names ${JSON.stringify(name)}, which is none of ${names.join(", ")}`;
      return { variable, value: name, problem };
    });
}

function readVariable(
  variable: Variable,
  environment: Environment,
  problems: Problem[],
  warnings: Problem[],
): unknown {
  const { name, schema, deprecated, masked = false, secret = masked } = variable;
  // An empty variable counts as not set: orchestrators cannot unset what an image sets.
  const given = environment[name] || undefined;
  if (given !== undefined && deprecated !== undefined) {
    warnings.push({ variable: name, problem: `${name} is deprecated: ${deprecated}` });
  }
  const text = given ?? variable.default;
  if (text === undefined) return undefined;
  const parsed = v.safeParse(schema, text);
  const slip = given === undefined ? undefined : slipIn(name, given);
  if (slip !== undefined) warnings.push({ variable: name, problem: `${name} ${slip}` });
  if (!parsed.success) {
    const shown = secret ? "set" : JSON.stringify(text);
    problems.push({
      variable: name,
      ...(secret ? {} : { value: text }),
      problem: `${name} is ${shown}, ${parsed.issues[0].message}${sayServiceLink(text)}`,
    });
    return undefined;
  }
  if (parsed.output === true && given !== undefined && !secret && LOOKS_OFF.test(given)) {
    const problem = `${name} is ${JSON.stringify(given)}, which counts as on: any text does; leave it empty for off`;
    warnings.push({ variable: name, value: given, problem });
  }
  return parsed.output;
}

function warnOfUnknown(environment: Environment, warnings: Problem[]): void {
  const known = new Set(Object.values(VARIABLES).map(({ name }) => name as string));
  for (const name of Object.keys(environment)) {
    if (
      !name.startsWith("DJINIT_") ||
      known.has(name) ||
      FOR_ENTRIES.some((variable) => isForEntry(name, variable)) ||
      isServiceLink(name, environment)
    )
      continue;
    warnings.push({
      variable: name,
      problem: `${name} is no variable of djinit; \`djinit config\` lists them`,
    });
  }
}
