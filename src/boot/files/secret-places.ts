// Where the operator keeps what the application is not to have.
import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { SECRET_PLACES } from "../../config/sources/secret-files.ts";
import type { FileSources } from "../../config/sources/sources.ts";
import type { Config } from "../../config/variables.ts";

type Named = Pick<
  Config,
  "tlsCertificate" | "tlsKey" | "vaultTokenFile" | "vaultAuthority" | "vaultKubernetesToken"
>;

/** Files and directories, under the names that they are given and where links lead. */
export function secretPlaces(
  config: Named,
  { envFiles, origins, secretsDirectory }: Pick<FileSources, "envFiles" | "origins" | "secretsDirectory">,
): string[] {
  const { tlsCertificate, tlsKey, vaultTokenFile, vaultAuthority, vaultKubernetesToken } = config;
  const read = Object.values(origins).map((origin) => /^file:(.*)$/s.exec(origin)?.[1]);
  const named = [tlsCertificate, tlsKey, vaultTokenFile, vaultAuthority, vaultKubernetesToken];
  const places = [...SECRET_PLACES, ...envFiles, secretsDirectory, ...read, ...named];
  return [...new Set(places.flatMap((place) => (place ? [resolve(place), realPathOf(place)] : [])))];
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
