// The project's own `migrate` command, where it does what Django's does and something else besides: once for each image and each
// environment. djinit_mark.py leaves a mark in the database when it has run.
import { hash } from "node:crypto";
import type { Client } from "pg";
import { isNamed } from "../../config/sources/sources.ts";
import { VARIABLES } from "../../config/variables.ts";
import type { ManifestFacts } from "./manifest.ts";

/** As djinit_mark.py has it. */
const BEGINNING = "djinit: the project's own migrate has run, by";
const COMMENT = "SELECT obj_description(to_regclass('django_migrations'), 'pg_class') AS comment";
/** The host's name is another one in each container. Of djinit's own, what tells on the settings is told by their values. */
const NO_MATTER = ["HOSTNAME", ...Object.values(VARIABLES).map(({ name }) => name)];

/** Which build of the image, and a short hash of what it finds in its environment. */
export interface OwnMigrateMark {
  build: string;
  environment: string;
}

/** Undefined where there is nothing to be marked. `environment` is that of the steps that need Django. */
export function ownMigrateMark(
  { own_migrate: own }: Pick<ManifestFacts, "own_migrate">,
  environment: NodeJS.ProcessEnv,
): OwnMigrateMark | undefined {
  if (own === undefined) return undefined;
  const given = Object.entries(environment).filter(([name]) => !isNamed(name, NO_MATTER));
  const text = JSON.stringify(given.sort(([a], [b]) => (a < b ? -1 : 1)));
  return { build: own.build, environment: hash("sha256", text, "base64url").slice(0, 12) };
}

/** Whether the database has this mark. Errors: pg's own. */
export async function isMarked(client: Client, mark: OwnMigrateMark): Promise<boolean> {
  const { rows } = await client.query<{ comment: string | null }>(COMMENT);
  return says(rows[0]?.comment ?? "", mark);
}

/** Whether a comment has this mark. */
export function says(comment: string, { build, environment }: OwnMigrateMark): boolean {
  if (!comment.startsWith(`${BEGINNING} `)) return false;
  const [by, ...environments] = comment.slice(BEGINNING.length + 1).split(" ");
  return by === build && environments.includes(environment);
}
