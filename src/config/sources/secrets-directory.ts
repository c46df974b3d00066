import { readSecret } from "./secret-files.ts";
import { guidesOf, isNamed, type Reading, setFrom } from "./sources.ts";

const MOST_FILES = 1_000;

/** A file with a dot in its name is to stay a file: tls.crt, redhat.repo, Kubernetes' own ..data. */
const FILE_NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/**
 * Adds the variables of DJINIT_SECRETS_DIR, a file for each: `db_password` and `db-password` are DB_PASSWORD. The container's
 * own variables win, unless they are empty, and so does NAME_FILE; those of env files do not.
 */
export function addSecretsDirectory(reading: Reading): void {
  const { environment, files, problems } = reading;
  const { origins, secretsDirectory: directory, unset } = reading.sources;
  if (directory === undefined) return;
  const say = (problem: string): void => {
    problems.push({ variable: "DJINIT_SECRETS_DIR", value: directory, problem });
  };
  const found = new Map<string, string>();
  const guides = guidesOf(reading, "DJINIT_SECRETS_DIR");
  for (const fileName of namesIn(directory, files.list, say)) {
    const name = fileName.toUpperCase().replaceAll("-", "_");
    if (!FILE_NAME.test(fileName) || isNamed(name, unset)) continue;
    const path = `${directory}/${fileName}`;
    const other = found.get(name);
    if (other !== undefined) say(`${path} and ${other} both are ${name}: leave one of them out`);
    found.set(name, path);
    const isTheirs = origins[name] === undefined || origins[name].startsWith("file:");
    if (other !== undefined || (environment[name] && isTheirs)) continue;
    try {
      setFrom(reading, name, readSecret(path, files, guides), `file:${path}`);
    } catch (error) {
      const why = (error as Error).message;
      say(
        `DJINIT_SECRETS_DIR has ${path}, which cannot be ${name}: ${why}; a name with a dot in it would leave it a file`,
      );
    }
  }
}

function namesIn(
  directory: string,
  list: Reading["files"]["list"],
  say: (problem: string) => void,
): string[] {
  try {
    return list(directory, MOST_FILES);
  } catch (error) {
    const why = (error as Error).message;
    say(`DJINIT_SECRETS_DIR is ${JSON.stringify(directory)}, which cannot be read: ${why}`);
    return [];
  }
}
