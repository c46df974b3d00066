// Reads the files of variables again, since secrets are rotated and env files edited. Loaded at the first reload.

import { DjinitError } from "../../base/errors.ts";
import type { Problem } from "../../config/problem.ts";
import { readAgain } from "../../config/sources/read.ts";
import { hasReference } from "../../config/sources/references.ts";
import type { SourcedVariables } from "../../config/sources/sources.ts";
import { filesFor } from "../../platform/files/files-of-root.ts";

/**
 * `wasRoot`: root has been given up. `asksVault`: somebody gives references to Vault their values afterwards. Errors:
 * DJINIT_RELOAD_REFUSED names every file that cannot be read.
 */
export function readFilesAgain(
  before: SourcedVariables,
  wasRoot: boolean,
  asksVault = false,
): SourcedVariables {
  const problems: Problem[] = [];
  const after = readAgain(before, problems, filesFor(wasRoot));
  if (!asksVault) problems.push(...findNewReferences(after));
  if (problems.length === 0) return after;
  throw new DjinitError(
    "DJINIT_RELOAD_REFUSED",
    `cannot reload: ${problems.map(({ problem }) => problem).join("; ")}; the services go on as they are`,
    { fields: { problems } },
  );
}

/** The container has been started without what a login takes. */
function findNewReferences({ environment }: SourcedVariables): Problem[] {
  return Object.entries(environment)
    .filter(([, value]) => hasReference(value))
    .map(([variable]) => {
      const problem = `${variable} refers to Vault now, and nothing did at the start: start the container anew`;
      return { variable, problem };
    });
}
