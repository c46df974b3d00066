import { isUtf8 } from "node:buffer";
import { parse } from "dotenv";
import { isNamed, originOfEnvFile, type Reading, setFrom } from "./sources.ts";

/** More than any environment may have. */
const MOST_BYTES = 2 * 1024 * 1024;
/** What stands in the place of a byte that is no character. */
const REPLACED = "\uFFFD";

/** Adds the variables of the env files (DJINIT_ENV_FILE). Those that the container has win, empty ones too. */
export function addEnvFiles(reading: Reading): void {
  const { environment, files, problems } = reading;
  const { envFiles, unset } = reading.sources;
  const container = new Set(Object.keys(environment));
  for (const path of envFiles) {
    let found: Record<string, string> = {};
    let isText = true;
    try {
      const { content, writers } = files.readNaming(path, MOST_BYTES);
      isText = isUtf8(content);
      reading.writers[path] = writers;
      found = parse(content);
    } catch (error) {
      const problem = `DJINIT_ENV_FILE is ${JSON.stringify(path)}, which cannot be read: ${(error as Error).message}`;
      problems.push({ variable: "DJINIT_ENV_FILE", value: path, problem });
    }
    for (const [name, value] of Object.entries(found)) {
      if (container.has(name) || isNamed(name, unset)) continue;
      // A file may contain NUL bytes, which no environment can carry.
      if (value.includes("\0"))
        problems.push({ variable: name, problem: `${name}, in ${path}, has a NUL byte in its value` });
      // Elsewhere, in a comment say, it does no harm.
      if (!isText && value.includes(REPLACED))
        problems.push({ variable: name, problem: `${name}, in ${path}, is not text in UTF-8` });
      setFrom(reading, name, value, originOfEnvFile(path));
    }
  }
}
