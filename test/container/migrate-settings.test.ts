// Projects whose settings take the database, or choose their apps, by something else than DATABASE_URL: what they have become
// is compared, and Django is not started where nothing is pending.
import { beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createDatabase, type Database } from "../support/postgres.ts";
import type { LogRecord } from "../support/records.ts";
import { isReady } from "./cake-subject.ts";
import { failsWith } from "./failure.ts";
import { buildProject } from "./project-image.ts";
import { type ProjectOptions, startProject } from "./project-subject.ts";
import { appliedIn, importedSettings, startedDjango, startRelease } from "./release-subject.ts";

const PACKAGES = [
  "dj-database-url==3.1.2",
  "python-decouple==3.8",
  "pydantic-settings==2.16.3",
  "dynaconf==3.3.5",
  "django-configurations==2.5.1",
];
const SUPERUSER = { SUPERUSER_PASSWORD: "hunter2" };

const APPS = "the apps are loaded";

type Variables = Record<string, string>;

/** The parts of the database's address, each in a variable of its own. */
function parts({ url }: Database, prefix = "POSTGRES_"): Variables {
  const { hostname, port, username, password, pathname } = new URL(url);
  const named = { HOST: hostname, PORT: port, USER: username, PASSWORD: password, DB: pathname.slice(1) };
  return Object.fromEntries(Object.entries(named).map(([name, value]) => [`${prefix}${name}`, value]));
}

function serviceOf({ url }: Database) {
  const { hostname: host, port, username: user, password, pathname } = new URL(url);
  return { host, port, user, password, dbname: pathname.slice(1) };
}

function dynaconfParts(database: Database): Variables {
  const found = Object.entries(parts(database, "")).filter(([name]) => name !== "PORT");
  const as: Variables = { DB: "NAME" };
  return Object.fromEntries(
    found.map(([name, value]) => [`SHAPES_DATABASES__default__${as[name] ?? name}`, value]),
  );
}

const byUrl = ({ url }: Database): Variables => ({ DATABASE_URL: url });

function build(
  settings: string,
  env: Variables = {},
  files: Variables = {},
  variant = settings,
): Promise<string> {
  return buildProject({
    fixture: "settings-shapes",
    settings: `shapes.${settings}`,
    packages: PACKAGES,
    env,
    files,
    variant: variant.replaceAll("_", "-"),
  });
}

/** Runs the boot once and gives what it said. */
async function release(options: ProjectOptions): Promise<LogRecord[]> {
  await using container = await startRelease(options);
  expect(await container.wait(), await container.logs()).toBe(0);
  return await container.records();
}

const said = (records: readonly LogRecord[]) => records.map(({ msg }) => msg);
const complaints = (records: readonly LogRecord[]) =>
  records.filter(({ level }) => level === "warn" || level === "error").map(({ msg }) => msg);

interface Shape {
  settings: string;
  variables: (database: Database) => Variables;
  /** Of the image. */
  env?: Variables;
  /** What adds an app to the list. */
  more?: Variables;
}

const MORE_APPS = { MORE_APPS: "shapes.extra" };
const SHAPES: Record<string, Shape> = {
  "each part in a variable, `locals()`, a router under an if": {
    settings: "parts",
    variables: parts,
    more: { WITH_EXTRA: "1" },
  },
  "dj-database-url, an app by the URL's scheme": { settings: "scheme", variables: byUrl },
  "django-environ, an app by the whole environment": {
    settings: "environ_parts",
    variables: parts,
    more: { EXTRA_SHOP: "1" },
  },
  "python-decouple": { settings: "decoupled", variables: parts, more: MORE_APPS },
  "pydantic-settings": {
    settings: "pydantic_made",
    variables: parts,
    more: { MORE_APPS: '["shapes.extra"]' },
  },
  dynaconf: {
    settings: "dynaconf_made",
    variables: dynaconfParts,
    more: { SHAPES_INSTALLED_APPS: "@merge shapes.extra" },
  },
  "django-configurations": {
    settings: "classes",
    env: { DJANGO_CONFIGURATION: "Live" },
    variables: parts,
    more: { APPS: "django.contrib.auth,django.contrib.contenttypes,shapes.shop,shapes.extra" },
  },
};

test.each(Object.entries(SHAPES))("%s", async (_, { settings, variables, env = {}, more }) => {
  const image = await build(settings, env);
  const database = await createDatabase();
  const given = { ...variables(database), ...SUPERUSER };
  const first = await release({ image, env: given });
  expect(appliedIn(first)).toContain("shop.0001_initial");
  expect(said(first)).toContain("the apps are loaded");

  const second = await release({ image, env: { ...given, UNRELATED: "1" } });
  expect(said(second)).toEqual(
    expect.arrayContaining([
      "no migration is pending",
      expect.stringMatching(/^superuser admin exists already/),
    ]),
  );
  expect(importedSettings(second)).toBe(true);
  expect(startedDjango(second)).toBe(false);
  expect(said(second)).not.toContain("the apps are loaded");
  expect(complaints([...first, ...second])).toEqual([]);
  expect(JSON.stringify(second)).not.toContain("postgres:postgres@");

  if (more === undefined) return;
  const extended = await release({ image, env: { ...given, ...more } });
  expect(appliedIn(extended)).toEqual(["extra.0001_initial"]);
  expect(complaints(extended)).toEqual([]);
  expect(extended).toContainEqual(
    expect.objectContaining({ level: "info", reason: expect.stringContaining("INSTALLED_APPS is not") }),
  );
});

test("an SQLite file is Django's to look into, and the settings are not imported before", async () => {
  const records = await release({ image: await build("scheme"), env: SUPERUSER });
  expect(appliedIn(records)).toContain("shop.0001_initial");
  expect(importedSettings(records)).toBe(false);
  expect(startedDjango(records)).toBe(true);
  expect(complaints(records)).toEqual([]);
});

test("a `migrate` command of the project's own that only says a word more is not run where nothing is pending", async () => {
  const command = `from django.core.management.commands.migrate import Command as Migrate
class Command(Migrate):
    def handle(self, *args, **options):
        print("our own migrate")
        return super().handle(*args, **options)
`;
  const files = {
    "shapes/shop/management/__init__.py": "",
    "shapes/shop/management/commands/__init__.py": "",
    "shapes/shop/management/commands/migrate.py": command,
  };
  const image = await build("parts", {}, files, "own-migrate");
  const env = parts(await createDatabase());
  expect(said(await release({ image, env }))).toContain("our own migrate");
  const second = await release({ image, env });
  expect(said(second)).not.toContain("our own migrate");
  expect(startedDjango(second)).toBe(false);
});

test("one that does more runs once for each set of variables, in one of the containers that start together", async () => {
  const command = `from django.core.management.commands.migrate import Command as Migrate
from django.db import connection
class Command(Migrate):
    def handle(self, *args, **options):
        super().handle(*args, **options)
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS runs (id serial); INSERT INTO runs DEFAULT VALUES")
`;
  const files = {
    "shapes/shop/management/__init__.py": "",
    "shapes/shop/management/commands/__init__.py": "",
    "shapes/shop/management/commands/migrate.py": command,
  };
  const image = await build("parts", {}, files, "own-work");
  const database = await createDatabase();
  const start = async (env: Variables = {}) => {
    const records = await release({ image, env: { ...parts(database), ...env } });
    const [row] = await database.query<{ count: number }>("SELECT count(*)::int FROM runs");
    return { records, runs: row?.count };
  };
  await Promise.all([start(), start(), start()]);
  const second = await start({ HOSTNAME: "another", DJINIT_LOG_LEVEL: "info" });
  expect(second.runs).toBe(1);
  expect(startedDjango(second.records)).toBe(false);
  const other = await start({ SITE_NAME: "Cakes" });
  expect(other.runs).toBe(2);
  expect(said(other.records)).toContainEqual(
    expect.stringMatching(/^no migration is pending; the project's own migrate runs/),
  );
  expect((await start({ SITE_NAME: "Cakes" })).runs).toBe(2);
  expect((await start()).runs).toBe(2);
  expect((await start({ DJINIT_MIGRATE_ALWAYS: "1" })).runs).toBe(3);
  // Nobody else's comment is written over: then it is as without a mark.
  await database.query("COMMENT ON TABLE django_migrations IS 'kept by Anna'");
  expect((await start()).runs).toBe(4);
  expect((await start()).runs).toBe(5);
  const [{ comment } = {}] = await database.query<{ comment: string }>(
    "SELECT obj_description('django_migrations'::regclass) AS comment",
  );
  expect(comment).toBe("kept by Anna");
});

test("a service of libpq's, named in the URL: djinit finds it in its file, and Django is not started", async () => {
  const image = await build("scheme");
  const { host, port, user, password, dbname } = serviceOf(await createDatabase());
  const lines = [`host=${host}`, `port=${port}`, `dbname=${dbname}`, `user=${user}`, `password=${password}`];
  const options = {
    image,
    env: { DATABASE_URL: "postgres:///?service=bakery", PGSERVICEFILE: "/etc/services.conf" },
    files: { "/etc/services.conf": `# ours\n[other]\nhost=nowhere\n\n[bakery]\n${lines.join("\n")}\n` },
  };
  expect(appliedIn(await release(options))).toContain("shop.0001_initial");
  const second = await release(options);
  expect(said(second)).toContain("no migration is pending");
  expect(startedDjango(second)).toBe(false);
  expect(complaints(second)).toEqual([]);
});

describe("settings that take each part of the address from a variable", () => {
  let image: string;
  beforeAll(async () => {
    image = await build("parts");
  });

  test("a new migration is noticed, and applied", async () => {
    const env = parts(await createDatabase());
    await release({ image, env });
    const added = `from django.db import migrations
class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.RunSQL("CREATE TABLE icing (id integer)")]
`;
    const files = { "/app/shapes/shop/migrations/0002_icing.py": added };
    expect(appliedIn(await release({ image, env, files }))).toEqual(["shop.0002_icing"]);
  });

  test("what another container has not applied yet is not there: DATABASE_URL for another program changes nothing", async () => {
    const [database, other] = [await createDatabase(), await createDatabase()];
    await release({ image, env: parts(other) });
    const records = await release({ image, env: { ...parts(database), DATABASE_URL: other.url } });
    expect(appliedIn(records)).toContain("shop.0001_initial");
  });

  test("a wrong password fails at once, and the variables that it may come from are named", async () => {
    const database = await createDatabase();
    const env = { ...parts(database), POSTGRES_PASSWORD: "hunter2" };
    await using container = await startRelease({ image, env });
    const error = await failsWith(container, { status: 69, code: "DJINIT_DATABASE_REFUSED_LOGIN" });
    expect(error["variables"]).toEqual([
      "POSTGRES_DB",
      "POSTGRES_HOST",
      "POSTGRES_PASSWORD",
      "POSTGRES_PORT",
      "POSTGRES_USER",
    ]);
    expect(error.msg).toContain(`:5432/${database.name} of the settings (POSTGRES_DB, `);
    expect(JSON.stringify(error)).not.toContain("hunter2");
  });

  test("settings that cannot be imported: the container ends, as where Django is started", async () => {
    const files = { "/app/shapes/parts.py": 'raise ValueError("no flour")\n' };
    await using container = await startRelease({ image, env: parts(await createDatabase()), files });
    const error = await failsWith(container, { status: 78, code: "DJINIT_SETTINGS_FAILED" });
    expect(error.msg).toBe("cannot load the Django settings: ValueError: no flour");
  });

  test("web: no Python is started for it but where theirs are other variables", async () => {
    const database = await createDatabase();
    await release({ image, env: { ...parts(database), ...SUPERUSER } });
    const startWeb = (env: Variables, files: Variables = {}) =>
      startProject({
        image,
        command: ["shapes.app:application"],
        env: { ...parts(database), ...SUPERUSER, ...env, PYTHONPATH: "/opt/watch" },
        files: {
          "/app/shapes/app.py": `from django.conf import settings
print(f"settings are there: {settings.configured}", flush=True)
def application(environ, start_response):
    start_response("200 OK", [])
    return [b"cakes"]
`,
          // Each Python says what it is.
          "/opt/watch/sitecustomize.py":
            'import sys\nwith open("/tmp/pythons", "a") as file:\n    file.write(" ".join(sys.orig_argv[:2]) + "\\n")\n',
          ...files,
        },
      });
    const setups = async (container: Awaited<ReturnType<typeof startWeb>>) => {
      await container.record("readiness", isReady, 60_000);
      await container.record("the settings", ({ msg }) => msg.startsWith("settings are there"), 60_000);
      const records = await container.records();
      expect(importedSettings(records)).toBe(true);
      expect(startedDjango(records)).toBe(false);
      expect(said(records)).toContain("no migration is pending");
      expect(said(records)).toContain("settings are there: False");
      expect(complaints(records)).toEqual([]);
      const pythons = (await container.output(["cat", "/tmp/pythons"])).split("\n");
      expect(
        pythons.filter((line) => line.endsWith("/gunicorn")),
        pythons.join(),
      ).toHaveLength(1);
      return pythons.filter((line) => line.endsWith("/djinit_setup.py")).length;
    };
    await using forked = await startWeb({});
    expect(await setups(forked)).toBe(0);
    expect(await forked.stop()).toBe(0);
    await using other = await startWeb({ MIGRATIONS_DATABASE_URL: database.url });
    expect(await setups(other)).toBe(1);
    await using broken = await startWeb({}, { "/app/shapes/parts.py": 'raise ValueError("no flour")\n' });
    const error = await failsWith(broken, { status: 78, code: "DJINIT_SETTINGS_FAILED" });
    expect(error.msg).toBe("cannot load the Django settings: ValueError: no flour");
  });

  test("web: the worker imports them, once, and no app is loaded before it is known what is pending", async () => {
    const database = await createDatabase();
    await release({ image, env: { ...parts(database), ...SUPERUSER } });
    const startWeb = (env: Variables = {}) =>
      startProject({
        image,
        command: ["shapes.served:application"],
        env: { ...parts(database), ...SUPERUSER, ...env, PYTHONPATH: "/opt/watch" },
        files: {
          "/app/shapes/served.py":
            "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
          // Each process says when it imports them.
          "/opt/watch/sitecustomize.py": `import os, sys
class Watch:
    def find_spec(name, path=None, target=None):
        if name == "shapes.parts":
            with open("/tmp/imports", "a") as file:
                file.write(f"{os.getpid()}\\n")
sys.meta_path.insert(0, Watch)
`,
        },
      });
    const begun = async (container: Awaited<ReturnType<typeof startWeb>>) => {
      await container.record(
        "the apps",
        ({ msg, service }) => service === "gunicorn" && msg === APPS,
        60_000,
      );
      const records = await container.records();
      expect(importedSettings(records)).toBe(true);
      expect(complaints(records)).toEqual([]);
      const imports = (await container.output(["cat", "/tmp/imports"])).trim().split("\n");
      return { records, imports, texts: said(records) };
    };
    await using settled = await startWeb();
    const { records, imports, texts } = await begun(settled);
    expect(startedDjango(records)).toBe(false);
    expect(imports).toHaveLength(1);
    expect(texts.filter((text) => text === APPS)).toHaveLength(1);
    expect(texts.indexOf("no migration is pending")).toBeLessThan(texts.indexOf(APPS));
    // Loaded anew, as ever: the master has none of it.
    await settled.signal("HUP");
    await eventually(async () => said(await settled.records()).filter((text) => text === APPS).length === 2, {
      what: "a reload",
      timeoutMs: 60_000,
      attach: () => settled.logs(),
    });
    expect(await settled.stop()).toBe(0);

    // Other apps by a variable: the worker that has told them is not the one that goes on.
    await using stale = await startWeb({ WITH_EXTRA: "1" });
    const other = await begun(stale);
    expect(appliedIn(other.records)).toEqual(["extra.0001_initial"]);
    expect(other.imports.length).toBeGreaterThan(2);
    const applied = other.texts.findIndex((text) => / applied in /.test(text));
    const loaded = other.records.findIndex(({ msg, service }) => service === "gunicorn" && msg === APPS);
    expect(loaded).toBeGreaterThan(applied);
    expect(await stale.stop()).toBe(0);
  });

  test("a celery worker waits for the database and for the schema", async () => {
    const env = { ...parts(await createDatabase()), CELERY_APP: "shapes", DJINIT_MIGRATE_TIMEOUT: "3" };
    await using worker = await startProject({ image, env, command: ["celery", "worker"] });
    const error = await failsWith(worker, { status: 83, code: "DJINIT_SCHEMA_BEHIND" });
    expect(error.msg).toContain("no container has applied them within 3 s");
    expect(startedDjango(await worker.records())).toBe(false);
  });

  test("one whose database is a file says once that it does not", async () => {
    const env = { DJANGO_SETTINGS_MODULE: "shapes.files", CELERY_APP: "shapes" };
    await using worker = await startProject({ image, env, command: ["celery", "worker"] });
    await worker.record("celery is started", ({ service }) => service === "celery-worker");
    const records = await worker.records();
    expect(said(records).filter((msg) => msg.startsWith("no migration is waited for"))).toHaveLength(1);
    expect(startedDjango(records)).toBe(false);
  });
});
