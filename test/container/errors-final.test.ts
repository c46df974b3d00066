// What waiting for a database would not change fails at once, with words for it; by Django's own connection.
import { expect, test } from "vitest";
import { createDatabase } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import { type Failure, failsWith } from "./failure.ts";
import { type ProjectOptions, startProject } from "./project-subject.ts";

const UNUSABLE: Failure = { status: 69, code: "DJINIT_DATABASE_UNUSABLE" };
const REFUSED: Failure = { status: 69, code: "DJINIT_DATABASE_REFUSED_LOGIN" };
const SETTINGS: Failure = { status: 78, code: "DJINIT_SETTINGS_FAILED" };
/** Far below the time that a database is waited for. */
const AT_ONCE_MS = 20_000;

async function failureOf(failure: Failure, options: ProjectOptions) {
  await using container = await startProject(options);
  const error = await failsWith(container, failure);
  const { StartedAt, FinishedAt } = (await container.inspect()).State as unknown as Record<string, string>;
  expect(Date.parse(FinishedAt ?? "") - Date.parse(StartedAt ?? "")).toBeLessThan(AT_ONCE_MS);
  expect(JSON.stringify(error)).not.toContain("hunter2");
  return error;
}

/** A project whose settings name their database themselves. */
function settings(database: object, more = ""): ProjectOptions {
  const text = `from cake_service.settings import *\nDATABASES = {'default': ${JSON.stringify(database)}}\n${more}`;
  return { files: { "/app/elsewhere.py": text }, env: { DJANGO_SETTINGS_MODULE: "elsewhere" } };
}

const sqlite = (NAME: string) => settings({ ENGINE: "django.db.backends.sqlite3", NAME });

test("an SQLite file that cannot be made: no directory, one that is not ours, a directory in its place", async () => {
  const [missing, foreign, directory, byUrl] = await Promise.all([
    failureOf(UNUSABLE, sqlite("/no/such/cakes.sqlite3")),
    failureOf(UNUSABLE, { ...sqlite("/var/cakes.sqlite3"), command: ["release"] }),
    failureOf(UNUSABLE, sqlite("/app")),
    failureOf(UNUSABLE, { env: { DATABASE_URL: "sqlite:////no/such/cakes.sqlite3" } }),
  ]);
  expect(missing.msg).toBe(
    "cannot use the SQLite database /no/such/cakes.sqlite3: there is no directory /no/such",
  );
  expect(foreign.msg).toContain("uid 104 may not make files in /var");
  expect(directory.msg).toContain("it is a directory");
  expect(byUrl.msg).toContain("there is no directory /no/such");
});

test("a login that Postgres refuses, by Django's own settings", async () => {
  const { name } = await createDatabase();
  const { host, password } = runContext().postgres ?? {};
  const base = { ENGINE: "django.db.backends.postgresql", HOST: host, USER: "postgres", NAME: name };
  const [wrong, database, role] = await Promise.all([
    failureOf(REFUSED, settings({ ...base, PASSWORD: "hunter2" })),
    failureOf(REFUSED, settings({ ...base, PASSWORD: password, NAME: "no_such_cakes" })),
    failureOf(REFUSED, settings({ ...base, PASSWORD: "hunter2", USER: "nobody" })),
  ]);
  expect(wrong.msg).toMatch(
    new RegExp(
      `^cannot log in to database ${host}:5432/${name} of the settings: .*password authentication failed`,
    ),
  );
  // Not DATABASE_URL, which is not set.
  expect(wrong).toMatchObject({ variables: [] });
  expect(database.msg).toContain('database "no_such_cakes" does not exist');
  expect(role.msg).toContain("nobody");
});

test("a service that libpq does not know, an option that it does not have", async () => {
  const base = { ENGINE: "django.db.backends.postgresql", NAME: "cakes" };
  const [service, url, option] = await Promise.all([
    failureOf(UNUSABLE, settings({ ...base, OPTIONS: { service: "bakery" } })),
    failureOf(UNUSABLE, { env: { DATABASE_URL: "postgres:///cakes?service=bakery" } }),
    failureOf(UNUSABLE, settings({ ...base, OPTIONS: { oven: "hot" } })),
  ]);
  expect(service.msg).toContain('definition of service "bakery" not found');
  expect(url.msg).toContain('definition of service "bakery" not found');
  expect(option.msg).toContain("oven");
});

test("an engine that there is not, with and without models", async () => {
  const engine = { ENGINE: "no_such_engine", NAME: "cakes" };
  const [models, none] = await Promise.all([
    failureOf(SETTINGS, settings(engine)),
    failureOf(SETTINGS, settings(engine, "INSTALLED_APPS = []\n")),
  ]);
  for (const { msg } of [models, none]) expect(msg).toContain("no_such_engine");
});

test("a URL without a password where one is asked for, and a server that does not encrypt", async () => {
  const { url } = await createDatabase();
  const [none, plain] = await Promise.all([
    failureOf(REFUSED, { env: { DATABASE_URL: url.replace(/:[^:@]*@/, "@") } }),
    failureOf(UNUSABLE, { env: { DATABASE_URL: `${url}?sslmode=require` } }),
  ]);
  expect(none.msg).toContain("password");
  expect(plain.msg).toContain("SSL");
});
