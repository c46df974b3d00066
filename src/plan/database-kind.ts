/** Schemes that mean Postgres to Django's URL parsers. */
export const POSTGRES_SCHEME = /^(postgres|postgresql|psql|pgsql|postgis|timescale|timescalegis):\/\//i;
const SQLITE = /^(sqlite|sqlite3|spatialite|ldap):/i;

export type DatabaseKind = "postgres" | "file" | "other";

/** How djinit waits for the database. `other`: by Django's own connection. */
export function databaseKind(url: string | undefined): DatabaseKind {
  if (url === undefined) return "other";
  // What a service stands for is in a file of libpq's: boot/postgres/service-file.ts.
  if (POSTGRES_SCHEME.test(url)) return /[?&]service=/.test(url) ? "other" : "postgres";
  return SQLITE.test(url) ? "file" : "other";
}
