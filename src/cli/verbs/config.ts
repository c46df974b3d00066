import type { FileSources } from "../../config/file-variables.ts";
import { loadConfig } from "../../config/load.ts";
import { RELEASE_LINE } from "../../config/log-types.ts";
import { VARIABLES, type Variable } from "../../config/variables.ts";
import { readEntry } from "../../plan/processes/entries.ts";
import { resolveInvocation } from "../../plan/processes/resolve.ts";
import { takeGivenEnvironment, workingDirectory } from "../../platform/given-environment.ts";
import type { Arguments } from "../arguments.ts";
import { alignColumns } from "../columns.ts";

const MASK = "********";

/**
 * Prints every variable with its value or default, and where it comes from. Secrets are masked. The environment is that of
 * this process, which `docker exec` gives the container's variables. For people also the entries of the Procfile. Exit status
 * 78 if a value, or a line of the Procfile, is bad.
 */
export function config({ options }: Arguments): number {
  const loaded = loadConfig(takeGivenEnvironment(), workingDirectory());
  const { config, environment, procfile, sources, problems } = loaded;
  problems.push(...resolveInvocation([], loaded).problems, ...procfile.problems);
  const variables = (Object.values(VARIABLES) as Variable[]).map(
    ({ name, masked = false, secret = masked, default: fallback, about }) => {
      const given = givenFor(name, environment);
      const value = given ? (secret ? MASK : given) : fallback || null;
      const from = given ? originOf(name, sources) : "default";
      // The working directory has no constant default.
      if (name === VARIABLES.appDirectory.name && !given && config.appDirectory !== fallback)
        return { name, value: config.appDirectory, from: "working directory", secret, about };
      return { name, value, from, secret, about };
    },
  );
  if (options["json"]) console.log(JSON.stringify(variables, undefined, 2));
  else {
    const rows = variables.map(({ name, value, from, about }) => [name, value ?? "-", from, about]);
    console.log(alignColumns([["VARIABLE", "VALUE", "FROM", "ABOUT"], ...rows]).join("\n"));
    const entries = procfile.entries.map((entry) => [
      `${procfile.path}:${entry.lineNumber}`,
      entry.name,
      entry.name === RELEASE_LINE ? "release" : readEntry(entry, environment).role,
      entry.command,
    ]);
    if (entries.length > 0)
      console.log(`\n${alignColumns([["PROCFILE", "NAME", "ROLE", "COMMAND"], ...entries]).join("\n")}`);
  }
  for (const problem of new Set(problems.map((it) => it.problem))) console.error(problem);
  return problems.length === 0 ? 0 : 78;
}

/** The value of a variable. For a row that stands for a prefix: of the first variable that begins with it. */
function givenFor(name: string, environment: Record<string, string>): string | undefined {
  if (!name.endsWith("*")) return environment[name];
  return Object.entries(environment).find(([it, value]) => value && it.startsWith(name.slice(0, -1)))?.[1];
}

function originOf(name: string, { envFile, fromEnvFile, secretFiles }: FileSources): string {
  const secretFile = secretFiles[name];
  if (secretFile !== undefined) return `secret file ${secretFile}`;
  return fromEnvFile.includes(name) ? `env file ${envFile}` : "container";
}
