// What the database says, by one query for the migrations and one for the superuser.
import type { Client } from "pg";
import type { Config } from "../config/variables.ts";
import { type Compared, compareMigrations, type Recorded } from "./compare-migrations.ts";
import type { ManifestFacts } from "./manifest.ts";

export interface DatabaseState extends Compared {
  /** The name under which the superuser was found; undefined: only Django can tell whether there is one. */
  superuser: string | undefined;
}

/** Asks once. Errors: pg's own. */
export async function lookAtDatabase(
  client: Client,
  facts: ManifestFacts,
  superuser?: Pick<Config, "superuserUsername" | "superuserEmail">,
): Promise<DatabaseState> {
  const compared = compareMigrations(facts.migrations, await readRecorded(client));
  // The table of a schema that is not this image's may be another.
  const mayAsk = superuser !== undefined && compared.pending.length === 0;
  return {
    ...compared,
    superuser: mayAsk ? await findSuperuser(client, facts, superuser) : undefined,
  };
}

async function readRecorded(client: Client): Promise<Recorded[]> {
  if (!(await mayRead(client, "django_migrations"))) return [];
  return (await client.query<Recorded>("SELECT app, name FROM django_migrations ORDER BY id")).rows;
}

/** An error instead of this would end the transaction that holds the lock. */
async function mayRead(client: Client, table: string): Promise<boolean> {
  const { rows } = await client.query<{ readable: boolean | null }>(
    "SELECT has_table_privilege(to_regclass($1), 'SELECT') AS readable",
    [quote(table)],
  );
  return rows[0]?.readable === true;
}

async function findSuperuser(
  client: Client,
  { superuser }: ManifestFacts,
  { superuserEmail, superuserUsername }: Pick<Config, "superuserUsername" | "superuserEmail">,
): Promise<string | undefined> {
  if (superuser === undefined || !(await mayRead(client, superuser.table))) return undefined;
  const { table, column, named_by } = superuser;
  const name = named_by === "email" ? superuserEmail : superuserUsername;
  const names = spellings(name);
  const any = names.map((_, at) => `${quote(column)} = $${at + 1}`).join(" OR ");
  const { rows } = await client.query(`SELECT 1 FROM ${quote(table)} WHERE ${any} LIMIT 1`, names);
  // No is not the last word: a manager of the project's own may write names down in another way.
  return rows.length > 0 ? name : undefined;
}

/** As it was given, and as Django's managers write down user names and mail addresses. */
function spellings(name: string): string[] {
  const at = name.lastIndexOf("@");
  const email = at < 0 ? name : name.slice(0, at) + name.slice(at).toLowerCase();
  return [...new Set([name, name.normalize("NFKC"), email])];
}

function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
