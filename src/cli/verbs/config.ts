import { isFromSecretFile, type Loaded, loadConfig } from "../../config/load.ts";
import { RELEASE_LINE } from "../../config/log-types.ts";
import { describeReferences, hasReference, readPieces } from "../../config/sources/references.ts";
import type { FileSources } from "../../config/sources/sources.ts";
import { VARIABLES, type Variable } from "../../config/variables.ts";
import { readEntry } from "../../plan/processes/entries.ts";
import { resolveInvocation } from "../../plan/processes/resolve.ts";
import { filesFor } from "../../platform/files/files-of-root.ts";
import { takeGivenEnvironment, workingDirectory } from "../../platform/given-environment.ts";
import type { Arguments } from "../arguments.ts";
import { alignColumns } from "../columns.ts";
import { MASK } from "../mask.ts";

export interface Row {
  name: string;
  value: string | null;
  from: string;
  secret: boolean;
  about: string;
}

/**
 * Prints every variable with its value or default, and where it comes from. Secrets are masked. The environment is that of
 * this process, which `docker exec` gives the container's variables. For people also the entries of the Procfile. Exit status
 * 78 if a value, or a line of the Procfile, is bad.
 */
export function config({ options }: Arguments): number {
  const loaded = loadConfig(takeGivenEnvironment(), workingDirectory(), filesFor(process.getuid?.() === 0));
  const { environment, procfile, problems } = loaded;
  problems.push(...resolveInvocation([], loaded).problems, ...procfile.problems);
  const variables = describeVariables(loaded);
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

/** Every variable, with its value or default, and where it comes from. Secrets are masked. */
export function describeVariables(loaded: Loaded): Row[] {
  const { config, environment, sources } = loaded;
  const variables = (Object.values(VARIABLES) as Variable[]).map(
    ({ name, masked = isFromSecretFile(name, sources), secret = masked, default: fallback, about }): Row => {
      const given = givenFor(name, environment);
      if (given && hasReference(given))
        return { name, value: MASK, from: placeIn(given), secret: true, about };
      const value = given ? (secret ? MASK : given) : fallback || null;
      const from = given ? originOf(name, sources) : "default";
      // The working directory has no constant default.
      if (name === VARIABLES.appDirectory.name && !given && config.appDirectory !== fallback)
        return { name, value: config.appDirectory, from: "working directory", secret, about };
      return { name, value, from, secret, about };
    },
  );
  return [...variables, ...ofTheApplication(environment, sources)];
}

/** The value of a variable. For a row that stands for a prefix: of the first variable that begins with it. */
function givenFor(name: string, environment: Record<string, string>): string | undefined {
  if (!name.endsWith("*")) return environment[name];
  return Object.entries(environment).find(([it, value]) => value && it.startsWith(name.slice(0, -1)))?.[1];
}

/** A reference that is not well formed is among the problems at the start. */
function placeIn(value: string): string {
  try {
    return describeReferences(readPieces(value));
  } catch (error) {
    return `vault: ${(error as Error).message}`;
  }
}

function originOf(name: string, { origins }: FileSources): string {
  return origins[name] ?? "container";
}

/** Those of the application whose value is not the container's own, and those that DJINIT_SECRETS names. */
function ofTheApplication(environment: Record<string, string>, { named, origins }: FileSources): Row[] {
  const known = new Set((Object.values(VARIABLES) as Variable[]).map(({ name }) => name));
  const referring = Object.keys(environment).filter((name) => hasReference(environment[name] ?? ""));
  const names = new Set([...named, ...Object.keys(origins), ...referring]);
  return [...names]
    .filter((name) => environment[name] !== undefined && !known.has(name))
    .sort()
    .map((name) => {
      const value = environment[name] ?? "";
      const from = hasReference(value) ? placeIn(value) : (origins[name] ?? "container");
      return { name, value: MASK, from, secret: true, about: "The application's own." };
    });
}
