import { readUntrusted } from "../base/untrusted-file.ts";
import type { Problem } from "./problem.ts";

/** The kernel takes no longer variable. */
const MOST_BYTES = 128 * 1024;

/**
 * For each secret variable NAME, NAME_FILE may name a file that holds it (Docker and Kubernetes secrets). Writes the
 * values into `environment` and removes NAME_FILE from it. One trailing newline is not part of the secret.
 * Returns NAME → file.
 */
export function readSecretFiles(
  secretNames: readonly string[],
  environment: Record<string, string>,
  problems: Problem[],
): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of secretNames) {
    const fileVariable = `${name}_FILE`;
    const path = environment[fileVariable];
    if (!path) continue;
    delete environment[fileVariable];
    if (environment[name]) {
      const problem = `${name} and ${fileVariable} are both set: give one of them`;
      problems.push({ variable: fileVariable, value: path, problem });
      continue;
    }
    files[name] = path;
    try {
      const text = readUntrusted(path, { mostBytes: MOST_BYTES, followsLinks: true }).toString("utf8");
      environment[name] = text.replace(/\r?\n$/, "");
    } catch (error) {
      const problem = `${fileVariable} is ${JSON.stringify(path)}, which cannot be read: ${(error as Error).message}`;
      problems.push({ variable: fileVariable, value: path, problem });
    }
  }
  return files;
}
