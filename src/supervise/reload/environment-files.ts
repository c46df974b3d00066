// Reads the files of variables again, since secrets are rotated and env files edited. Loaded at the first reload.

import { DjinitError } from "../../base/errors.ts";
import type { Problem } from "../../config/problem.ts";
import { readAgain } from "../../config/sources/read.ts";
import type { SourcedVariables } from "../../config/sources/sources.ts";
import { filesFor } from "../../platform/files/files-of-root.ts";

/** `wasRoot`: root has been given up. Errors: DJINIT_RELOAD_REFUSED names every file that cannot be read. */
export function readFilesAgain(before: SourcedVariables, wasRoot: boolean): SourcedVariables {
  const problems: Problem[] = [];
  const after = readAgain(before, problems, filesFor(wasRoot));
  if (problems.length === 0) return after;
  throw new DjinitError(
    "DJINIT_RELOAD_REFUSED",
    `cannot reload: ${problems.map(({ problem }) => problem).join("; ")}; the services go on as they are`,
    { fields: { problems } },
  );
}
