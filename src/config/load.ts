import * as v from "valibot";
import { readEnvFile } from "./env-file.ts";
import type { Problem } from "./problem.ts";
import { readSecretFiles } from "./secret-file.ts";
import { type Config, VARIABLES, type Variable } from "./variables.ts";

export type Environment = Record<string, string>;

export interface Loaded {
  config: Config;
  /** The container's environment with what the env file and the secret files add to it. */
  environment: Environment;
  /** Where each variable of `environment` comes from: `container`, `env file PATH`, `secret file PATH`. */
  origins: Record<string, string>;
  /** Bad values. With any of them nothing may start, and `config` must not be used. */
  problems: Problem[];
  /** What works but is not what it seems. */
  warnings: Problem[];
}

const LOOKS_OFF = /^(0|no|off|false)$/i;

/** Reads every variable once. Never throws for bad values: all of them come back together in `problems`. */
export function loadConfig(container: NodeJS.ProcessEnv): Loaded {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const environment: Environment = {};
  const origins: Record<string, string> = {};
  const take = (name: string, value: string, origin: string): void => {
    environment[name] = value;
    origins[name] = origin;
  };
  for (const [name, value] of Object.entries(container))
    if (value !== undefined) take(name, value, "container");

  const envFile = environment[VARIABLES.envFile.name];
  for (const [name, value] of Object.entries(readEnvFile(envFile, problems))) {
    if (environment[name] === undefined) take(name, value, `env file ${envFile}`);
  }
  const given = { ...environment };
  readSecretFiles(environment, problems);
  for (const [name, value] of Object.entries(environment)) {
    if (given[name] !== value) origins[name] = `secret file ${given[`${name}_FILE`]}`;
  }
  refuseNulBytes(environment, problems);

  const values: Record<string, unknown> = {};
  for (const [key, variable] of Object.entries(VARIABLES) as [string, Variable][]) {
    values[key] = readVariable(variable, environment, problems, warnings);
  }
  warnOfUnknown(environment, warnings);
  return { config: values as Config, environment, origins, problems, warnings };
}

function readVariable(
  variable: Variable,
  environment: Environment,
  problems: Problem[],
  warnings: Problem[],
): unknown {
  const { name, schema, secret = false, deprecated } = variable;
  // An empty variable is one that is not set: orchestrators cannot unset what an image sets.
  const given = environment[name] || undefined;
  if (given !== undefined && deprecated !== undefined) {
    warnings.push({ variable: name, problem: `${name} is deprecated: ${deprecated}` });
  }
  const text = given ?? variable.default;
  if (text === undefined) return undefined;
  const parsed = v.safeParse(schema, text);
  if (!parsed.success) {
    const shown = secret ? "set" : JSON.stringify(text);
    problems.push({
      variable: name,
      ...(secret ? {} : { value: text }),
      problem: `${name} is ${shown}, ${parsed.issues[0].message}`,
    });
    return undefined;
  }
  if (parsed.output === true && given !== undefined && LOOKS_OFF.test(given)) {
    const problem = `${name} is ${JSON.stringify(given)}, which counts as on: any text does; leave it empty for off`;
    warnings.push({ variable: name, value: given, problem });
  }
  return parsed.output;
}

/** A file may hold what no environment can carry. */
function refuseNulBytes(environment: Environment, problems: Problem[]): void {
  for (const [name, value] of Object.entries(environment)) {
    if (value.includes("\0"))
      problems.push({ variable: name, problem: `${name} has a NUL byte in its value` });
  }
}

function warnOfUnknown(environment: Environment, warnings: Problem[]): void {
  const known = new Set(Object.values(VARIABLES).map(({ name }) => name as string));
  for (const name of Object.keys(environment)) {
    // DJINIT_SERVICE_*, DJINIT_PORT*: what Kubernetes sets for a Service that is called djinit.
    if (!name.startsWith("DJINIT_") || known.has(name) || /^DJINIT_(SERVICE|PORT|SAVED)(_|$)/.test(name))
      continue;
    warnings.push({
      variable: name,
      problem: `${name} is no variable of djinit; \`djinit config\` lists them`,
    });
  }
}
