// Reads the files of variables again, since secrets are rotated and env files edited. Loaded at the first reload.
import { DjinitError } from "../../base/errors.ts";
import { type FileVariables, readAgain } from "../../config/file-variables.ts";
import type { Problem } from "../../config/problem.ts";

/** Errors: DJINIT_RELOAD_REFUSED names every file that cannot be read. */
export function readFilesAgain(before: FileVariables): FileVariables {
  const problems: Problem[] = [];
  const after = readAgain(before, problems);
  if (problems.length === 0) return after;
  throw new DjinitError(
    "DJINIT_RELOAD_REFUSED",
    `cannot reload: ${problems.map(({ problem }) => problem).join("; ")}; the services go on as they are`,
    { fields: { problems } },
  );
}
