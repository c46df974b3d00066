import { parse } from "pg-connection-string";
import type { Problem } from "../config/problem.ts";

/** Schemes that mean Postgres to Django's URL parsers. */
const POSTGRES = /^(postgres|postgresql|psql|pgsql|postgis|timescale|timescalegis):\/\//;
const SQLITE = /^(sqlite|sqlite3|spatialite|ldap):/;

export type DatabaseKind = "postgres" | "file" | "other";

/** Which way there is to wait for it. `other` is left to Django's own connection. */
export function databaseKind(url: string | undefined): DatabaseKind {
  if (url === undefined) return "other";
  if (POSTGRES.test(url)) return "postgres";
  return SQLITE.test(url) ? "file" : "other";
}

/** Options for pg. libpq's meaning of sslmode, as psycopg will have it. */
export function postgresOptions(url: string): ReturnType<typeof parse> {
  const [base = "", query = ""] = url.replace(POSTGRES, "postgresql://").split(/\?(.*)/s);
  return parse(`${base}?${query === "" ? "" : `${query}&`}uselibpqcompat=true`);
}

/** What is wrong with the URL itself. Its text is a secret and is not repeated. */
export function findUrlProblem(url: string | undefined): Problem[] {
  const problem = (text: string): Problem[] => [
    { variable: "DATABASE_URL", problem: `DATABASE_URL is set, but ${text}` },
  ];
  if (url === undefined) return [];
  if (!/^[a-z][\w.+-]*:/i.test(url)) return problem("is no URL: it must begin like postgres://");
  if (databaseKind(url) !== "postgres") return [];
  try {
    const { port } = postgresOptions(url);
    return port && !/^\d{1,5}$/.test(port) ? problem(`its port is ${JSON.stringify(port)}`) : [];
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_INVALID_URL")
      return problem("it cannot be parsed: write special characters in the password as %XX");
    // A certificate that is not there, or missing for this sslmode.
    return problem(`its options cannot be used: ${message}`);
  }
}
