// The variables that refer to Vault, and their values once its secrets have been read.
import type { Problem } from "../config/problem.ts";
import {
  describeReferences,
  fillIn,
  hasReference,
  type Piece,
  type Reference,
  readPieces,
  referencesOf,
} from "../config/sources/references.ts";
import { type SourcedVariables, setFrom } from "../config/sources/sources.ts";
import type { VaultFailure } from "./failure.ts";
import type { Secret } from "./state.ts";

export interface Wanted {
  variable: string;
  pieces: Piece[];
}

export type Secrets = Readonly<Record<string, Secret>>;

/** djinit needs its own variables before it can ask, and Vault's clients' own tell how. */
const NOT_FROM_VAULT = /^(DJINIT|VAULT)_/;

/** Bad references are problems. */
export function findWanted(
  { environment }: Pick<SourcedVariables, "environment">,
  problems: Problem[],
): Wanted[] {
  const wanted: Wanted[] = [];
  for (const [variable, value] of Object.entries(environment)) {
    if (!hasReference(value)) continue;
    if (NOT_FROM_VAULT.test(variable)) {
      problems.push({
        variable,
        problem: `${variable} refers to Vault, but djinit needs it before it asks Vault`,
      });
      continue;
    }
    try {
      wanted.push({ variable, pieces: readPieces(value) });
    } catch (error) {
      problems.push({ variable, problem: `${variable} ${(error as Error).message}` });
    }
  }
  return wanted;
}

/** Each once: its values are of one lease. */
export function pathsOf(wanted: readonly Wanted[]): string[] {
  return [...new Set(wanted.flatMap(({ pieces }) => referencesOf(pieces)).map(({ path }) => path))];
}

/** One problem for each variable that needs a path that cannot be read. */
export function blame(wanted: readonly Wanted[], path: string, { message }: VaultFailure): Problem[] {
  return wanted
    .filter(({ pieces }) => referencesOf(pieces).some((it) => it.path === path))
    .map(({ variable }) => ({
      variable,
      problem: `${variable} needs vault:${path}, which Vault refuses: ${message}`,
    }));
}

/** Keys that a secret does not have. Their names are no secret. */
export function findMissing(wanted: readonly Wanted[], secrets: Secrets): Problem[] {
  return wanted.flatMap(({ variable, pieces }) =>
    referencesOf(pieces)
      .filter(({ path, key }) => path in secrets && secrets[path]?.values[key] === undefined)
      .map(({ path, key }) => {
        const has =
          Object.keys(secrets[path]?.values ?? {})
            .sort()
            .join(", ") || "nothing";
        return { variable, problem: `${variable} needs ${key} of vault:${path}, which has ${has}` };
      }),
  );
}

/** Gives the variables their values, in place. A value that no variable can have is a problem. */
export function giveValues(
  variables: SourcedVariables,
  wanted: readonly Wanted[],
  secrets: Secrets,
  problems: Problem[],
): void {
  const textOf = ({ path, key }: Reference): string => secrets[path]?.values[key] ?? "";
  for (const { variable, pieces } of wanted) {
    const value = fillIn(pieces, textOf);
    if (value.includes("\0")) problems.push({ variable, problem: `${variable} has a NUL byte in its value` });
    else setFrom(variables, variable, value, describeReferences(pieces));
  }
}
