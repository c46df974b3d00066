/** Schemes that mean Postgres to Django's URL parsers. */
export const POSTGRES_SCHEME = /^(postgres|postgresql|psql|pgsql|postgis|timescale|timescalegis):\/\//i;
const SQLITE = /^(sqlite|sqlite3|spatialite|ldap):/i;

export type DatabaseKind = "postgres" | "file" | "other";

/** Which way there is to wait for it. `other` is left to Django's own connection. */
export function databaseKind(url: string | undefined): DatabaseKind {
  if (url === undefined) return "other";
  // Only libpq knows where the services lie that it finds in its own files.
  if (POSTGRES_SCHEME.test(url)) return /[?&]service=/.test(url) ? "other" : "postgres";
  return SQLITE.test(url) ? "file" : "other";
}
