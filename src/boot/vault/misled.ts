// Files that only root may read, and that the application has named: what is in them would go to VAULT_ADDR, which it may name, too.
import { type GivenFiles, Misled } from "../../base/given-file.ts";
import type { Problem } from "../../config/problem.ts";
import { envFileOf, type FileSources } from "../../config/sources/sources.ts";
import { type Config, VARIABLES } from "../../config/variables.ts";

const MOST_BYTES = 2 * 1024 * 1024;
const FILES = ["vaultTokenFile", "vaultKubernetesToken", "vaultAuthority"] as const;

/** One for each that an env file names whose writers are not to read it. What cannot be read at all is said elsewhere. */
export function findMisled(
  config: Pick<Config, (typeof FILES)[number]>,
  { origins }: Pick<FileSources, "origins">,
  files: GivenFiles,
): Problem[] {
  return FILES.flatMap((key) => {
    const { name } = VARIABLES[key];
    const [path, envFile] = [config[key], envFileOf(origins[name])];
    if (path === undefined || envFile === undefined) return [];
    try {
      files.read(path, MOST_BYTES, files.readNaming(envFile, MOST_BYTES).writers);
      return [];
    } catch (error) {
      if (!(error instanceof Misled)) return [];
      const problem = `${name} is ${JSON.stringify(path)}, which cannot be read: ${error.message}`;
      return [{ variable: name, value: path, problem }];
    }
  });
}
