import type { Problem } from "../../config/problem.ts";
import type { Config } from "../../config/variables.ts";
import { databaseKind } from "../../plan/database-kind.ts";
import { serversOf } from "./servers.ts";

/** What is wrong with the URLs themselves. Their text is a secret and is not repeated. */
export function findUrlProblems(
  { databaseUrl, migrationsDatabaseUrl }: Partial<Pick<Config, "databaseUrl" | "migrationsDatabaseUrl">>,
  environment: NodeJS.ProcessEnv,
): Problem[] {
  return [
    ...findUrlProblem(databaseUrl, "DATABASE_URL", environment),
    ...findUrlProblem(migrationsDatabaseUrl, "MIGRATIONS_DATABASE_URL", environment),
  ];
}

function findUrlProblem(
  url: string | undefined,
  variable: string,
  environment: NodeJS.ProcessEnv,
): Problem[] {
  const problem = (text: string): Problem[] => [{ variable, problem: `${variable} is set, but ${text}` }];
  if (url === undefined) return [];
  if (/^(["']).*\1$/s.test(url))
    return problem("is in quotes, which belong to its value in `docker run --env-file`: leave them out");
  if (!/^[a-z][\w.+-]*:/i.test(url)) return problem("is no URL: it must begin like postgres://");
  if (databaseKind(url) !== "postgres") return [];
  try {
    serversOf(url, environment);
    return [];
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // A certificate that is not there.
    return problem(code === undefined ? message : `its options cannot be used: ${message}`);
  }
}
