import { DjinitError } from "../base/errors.ts";

/** One bad value, worded as a sentence that names the variable, the value (never a secret's) and what is wrong with it. */
export interface Problem {
  variable: string;
  value?: string;
  problem: string;
}

/** Errors: DJINIT_BAD_CONFIGURATION with all problems at once, if there is any. */
export function refuseProblems(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  throw new DjinitError(
    "DJINIT_BAD_CONFIGURATION",
    `cannot start: ${problems.map(({ problem }) => problem).join("; ")}`,
    { fields: { problems } },
  );
}
