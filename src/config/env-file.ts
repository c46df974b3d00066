import { parse } from "dotenv";
import { readUntrusted } from "../base/untrusted-file.ts";
import type { Problem } from "./problem.ts";

/** More than any environment may have. */
const MOST_BYTES = 2 * 1024 * 1024;

/** The variables of the file `path` (DJINIT_ENV_FILE). A file that cannot be read is a problem, not an empty one. */
export function readEnvFile(path: string | undefined, problems: Problem[]): Record<string, string> {
  if (!path) return {};
  try {
    return parse(readUntrusted(path, { mostBytes: MOST_BYTES, followsLinks: true }));
  } catch (error) {
    const problem = `DJINIT_ENV_FILE is ${JSON.stringify(path)}, which cannot be read: ${(error as Error).message}`;
    problems.push({ variable: "DJINIT_ENV_FILE", value: path, problem });
    return {};
  }
}
