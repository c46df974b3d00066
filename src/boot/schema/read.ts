// Reads the state of the database: one query for the migrations, one for the superuser.
import type { Client } from "pg";
import { DjinitError } from "../../base/errors.ts";
import type { Config } from "../../config/variables.ts";
import { type Compared, compareMigrations, type Recorded } from "./compare.ts";
import type { ManifestFacts } from "./manifest.ts";
import { isMarked, type OwnMigrateMark } from "./own-migrate.ts";

export interface DatabaseState extends Compared {
  /** The name under which the superuser was found; undefined: only Django can tell whether there is one. */
  superuser: string | undefined;
  /** The project's own `migrate` has work besides the migrations, and has not run with this image and environment. */
  ownMigrateIsDue: boolean;
}

/** What else is looked for, where that is wanted. */
export interface LookedFor {
  superuser?: Pick<Config, "superuserUsername" | "superuserEmail"> | undefined;
  mark?: OwnMigrateMark | undefined;
}

/** Asks once. Errors: pg's own; DJINIT_DATABASE_FORBIDDEN where the migrations are recorded, but may not be read. */
export async function lookAtDatabase(
  client: Client,
  facts: ManifestFacts,
  { superuser, mark }: LookedFor = {},
): Promise<DatabaseState> {
  const compared = compareMigrations(facts.migrations, await readRecorded(client));
  // In a schema of another image, the table may be a different one.
  const mayAsk = superuser !== undefined && compared.pending.length === 0;
  return {
    ...compared,
    superuser: mayAsk ? await findSuperuser(client, facts, superuser) : undefined,
    ownMigrateIsDue: mark !== undefined && !(await isMarked(client, mark)),
  };
}

async function readRecorded(client: Client): Promise<Recorded[]> {
  const access = await accessTo(client, "django_migrations");
  if (access === "absent") return [];
  if (access === "forbidden")
    // If the history counted as empty, other containers would wait for migrations that are applied.
    throw new DjinitError(
      "DJINIT_DATABASE_FORBIDDEN",
      "cannot read which migrations are applied: permission denied for table django_migrations or its schema",
    );
  return (await client.query<Recorded>("SELECT app, name FROM django_migrations ORDER BY id")).rows;
}

/** Postgres does not find a table in a schema that this role may not use. */
const ACCESS = `
  SELECT to_regclass($1) IS NOT NULL AS found, has_table_privilege(to_regclass($1), 'SELECT') AS readable, EXISTS (
    SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = $2 AND NOT has_schema_privilege(n.oid, 'USAGE') AND n.nspname = ANY (
      SELECT replace(trim(both '" ' from name), '$user', current_user::text)
      FROM unnest(string_to_array(current_setting('search_path'), ',')) AS name
    )
  ) AS hidden`;

/** Asked first: an error of the table itself would end the transaction that holds the lock. */
async function accessTo(client: Client, table: string): Promise<"readable" | "forbidden" | "absent"> {
  const { rows } = await client.query<{ found: boolean; readable: boolean | null; hidden: boolean }>(ACCESS, [
    quote(table),
    table,
  ]);
  const [{ found, readable, hidden } = { found: false, readable: null, hidden: false }] = rows;
  if (readable === true) return "readable";
  return found || hidden ? "forbidden" : "absent";
}

async function findSuperuser(
  client: Client,
  { superuser }: ManifestFacts,
  { superuserEmail, superuserUsername }: Pick<Config, "superuserUsername" | "superuserEmail">,
): Promise<string | undefined> {
  if (superuser === undefined || (await accessTo(client, superuser.table)) !== "readable") return undefined;
  const { table, column, named_by } = superuser;
  const name = named_by === "email" ? superuserEmail : superuserUsername;
  const names = spellings(name);
  const any = names.map((_, at) => `${quote(column)} = $${at + 1}`).join(" OR ");
  const { rows } = await client.query(`SELECT 1 FROM ${quote(table)} WHERE ${any} LIMIT 1`, names);
  // Not found is no proof: a manager of the project's own may normalise names differently.
  return rows.length > 0 ? name : undefined;
}

/** As given, and as Django's managers normalise user names and mail addresses. */
function spellings(name: string): string[] {
  const at = name.lastIndexOf("@");
  const email = at < 0 ? name : name.slice(0, at) + name.slice(at).toLowerCase();
  return [...new Set([name, name.normalize("NFKC"), email])];
}

function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
