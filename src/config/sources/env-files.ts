import { parse } from "dotenv";
import { isNamed, originOfEnvFile, type Reading, setFrom } from "./sources.ts";

/** More than any environment may have. */
const MOST_BYTES = 2 * 1024 * 1024;

/** Adds the variables of the env files (DJINIT_ENV_FILE). Those that the container has win, empty ones too. */
export function addEnvFiles(reading: Reading): void {
  const { environment, files, problems } = reading;
  const { envFiles, unset } = reading.sources;
  const container = new Set(Object.keys(environment));
  for (const path of envFiles) {
    let found: Record<string, string> = {};
    try {
      const { content, writers } = files.readNaming(path, MOST_BYTES);
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
      setFrom(reading, name, value, originOfEnvFile(path));
    }
  }
}
