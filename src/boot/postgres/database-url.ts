import { parse } from "pg-connection-string";
import type { Problem } from "../../config/problem.ts";
import type { Config } from "../../config/variables.ts";
import { databaseKind, POSTGRES_SCHEME } from "../../plan/database-kind.ts";

/** Options for pg, of the first server where the URL names several. libpq's meaning of sslmode, as psycopg will have it. */
export function postgresOptions(url: string): ReturnType<typeof parse> {
  return parse(serversOf(url)[0] as string);
}

/** One URL for each server that `url` names, in the form that pg takes. */
export function serversOf(url: string): string[] {
  const [base = "", query = ""] = url.replace(POSTGRES_SCHEME, "").split(/\?(.*)/s);
  const [, user = "", hosts = "", path = ""] = /^(?:(.*)@)?([^/@]*)(.*)$/s.exec(base) ?? [];
  const options = [...(query === "" ? [] : [query]), "uselibpqcompat=true"];
  // postgres:////run/postgresql/cakes: the directory of the socket stands before the database.
  const socket = /^\/((?:\/|%2F).*)\/([^/]*)$/is.exec(path);
  if (socket !== null) options.unshift(`host=${encodeURIComponent(decodeURIComponent(socket[1] as string))}`);
  const database = socket === null ? path : `/${socket[2]}`;
  const at = base.includes("@") ? `${user}@` : "";
  return hosts.split(",").map((host) => `postgresql://${at}${host}${database}?${options.join("&")}`);
}

/** What is wrong with the URLs themselves. Their text is a secret and is not repeated. */
export function findUrlProblems({
  databaseUrl,
  migrationsDatabaseUrl,
}: Partial<Pick<Config, "databaseUrl" | "migrationsDatabaseUrl">>): Problem[] {
  return [
    ...findUrlProblem(databaseUrl, "DATABASE_URL"),
    ...findUrlProblem(migrationsDatabaseUrl, "MIGRATIONS_DATABASE_URL"),
  ];
}

function findUrlProblem(url: string | undefined, variable: string): Problem[] {
  const problem = (text: string): Problem[] => [{ variable, problem: `${variable} is set, but ${text}` }];
  if (url === undefined) return [];
  if (!/^[a-z][\w.+-]*:/i.test(url)) return problem("is no URL: it must begin like postgres://");
  if (databaseKind(url) !== "postgres") return [];
  try {
    const ports = serversOf(url).map((server) => parse(server).port);
    const port = ports.find((text) => text && !/^\d{1,5}$/.test(text));
    return port ? problem(`its port is ${JSON.stringify(port)}`) : [];
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_INVALID_URL")
      return problem("it cannot be parsed: write special characters in the password as %XX");
    // A certificate that is not there, or missing for this sslmode.
    return problem(`its options cannot be used: ${message}`);
  }
}
