import { readFileSync } from "node:fs";
import type { Problem } from "./problem.ts";
import { VARIABLES, type Variable } from "./variables.ts";

/**
 * For each secret variable NAME, NAME_FILE may name a file that holds it (Docker and Kubernetes secrets). Writes the
 * values into `environment` and takes the NAME_FILE words out. One trailing newline is not part of the secret.
 */
export function readSecretFiles(environment: Record<string, string>, problems: Problem[]): void {
  for (const { name, secret } of Object.values(VARIABLES) as Variable[]) {
    if (!secret) continue;
    const fileVariable = `${name}_FILE`;
    const path = environment[fileVariable];
    if (!path) continue;
    delete environment[fileVariable];
    if (environment[name]) {
      const problem = `${name} and ${fileVariable} are both set: give one of them`;
      problems.push({ variable: fileVariable, value: path, problem });
      continue;
    }
    try {
      environment[name] = readFileSync(path, "utf8").replace(/\r?\n$/, "");
    } catch (error) {
      const problem = `${fileVariable} is ${JSON.stringify(path)}, which cannot be read: ${(error as Error).message}`;
      problems.push({ variable: fileVariable, value: path, problem });
    }
  }
}
