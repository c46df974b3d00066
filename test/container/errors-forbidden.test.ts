// A database that lets us in, but not do or see what the boot takes: told apart from one where nothing is.
import { expect, test } from "vitest";
import { createDatabase, type Database } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import { type Failure, failsWith } from "./failure.ts";
import { exampleWithoutManifest } from "./project-image.ts";
import { startProject } from "./project-subject.ts";
import { startRelease } from "./release-subject.ts";

const FORBIDDEN: Failure = { status: 69, code: "DJINIT_DATABASE_FORBIDDEN" };
/** The image has a manifest or not: djinit looks, or Django. */
const WAYS: [string, () => string | Promise<string>][] = [
  ["with a manifest", () => runContext().images.example],
  ["without", exampleWithoutManifest],
];

/** A role that may log in to this database, and what `grants` allow it (`$role` is its name). Returns its URL. */
async function roleIn({ name, url, query }: Database, ...grants: string[]): Promise<string> {
  const role = `baker_${name}`;
  await query(`create role ${role} login password 'p'`);
  for (const grant of grants) await query(grant.replaceAll("$role", role));
  return url.replace(/\/\/.*@/, `//${role}:p@`);
}

async function failureOf(
  image: string,
  DATABASE_URL: string,
  env: Record<string, string> = {},
  command = ["cake_service.wsgi:application"],
) {
  await using container = await startProject({ image, command, env: { DATABASE_URL, ...env } });
  return await failsWith(container, FORBIDDEN);
}

test.each(WAYS)("a role that may not create in schema public; %s", async (_, imageOf) => {
  const image = await imageOf();
  const database = await createDatabase();
  const error = await failureOf(image, await roleIn(database), {}, ["release"]);
  expect(error.msg).toContain("permission denied for schema public");
  expect(error).not.toHaveProperty("migration");
});

test.each(WAYS)(
  "a role that may not read django_migrations, in every mode; one that may is enough to look; %s",
  async (_, imageOf) => {
    const image = await imageOf();
    const database = await createDatabase();
    await using release = await startRelease({ image, env: { DATABASE_URL: database.url } });
    expect(await release.wait()).toBe(0);
    const url = await roleIn(database);
    const errors = await Promise.all([
      failureOf(image, url, {}, ["celery", "worker"]),
      failureOf(image, url, { DJINIT_MIGRATIONS: "check" }),
      failureOf(image, url, {}, ["release"]),
    ]);
    for (const { msg } of errors) expect(msg).toMatch(/permission denied for table django_migrations/);
    await using idle = await startProject({ image, command: ["sleep", "600"], env: { DATABASE_URL: url } });
    const list = await idle.exec(["djinit", "migrations"]);
    expect(list.exitCode).toBe(69);
    expect(list.stdout).toBe("");
    await database.query(`grant select on django_migrations to baker_${database.name}`);
    expect((await idle.exec(["djinit", "migrations"])).stdout).toContain("applied  cakes.0001_initial");
  },
);

test.each(WAYS)(
  "a role that may not use the schema has not an empty database before it; %s",
  async (_, imageOf) => {
    const image = await imageOf();
    const database = await createDatabase();
    await using release = await startRelease({ image, env: { DATABASE_URL: database.url } });
    expect(await release.wait()).toBe(0);
    const url = await roleIn(database, "revoke usage on schema public from public");
    const error = await failureOf(image, url, { DJINIT_MIGRATIONS: "wait" });
    expect(error.msg).toMatch(/permission denied for .*schema/);
  },
);

test("a role that may not connect to the database is not waited for", async () => {
  const database = await createDatabase();
  const url = await roleIn(database, `revoke connect on database ${database.name} from public`);
  expect((await failureOf(runContext().images.example, url)).msg).toContain("permission denied for database");
});
