// What the image knows of its migrations: when it is trusted, and when it is not.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { createDatabase } from "../support/postgres.ts";
import type { LogRecord } from "../support/records.ts";
import { isReady, startReadyCake } from "./cake-subject.ts";
import { buildProject } from "./project-image.ts";
import { type ProjectOptions, startReadyProject } from "./project-subject.ts";
import { appliedIn, importedSettings, startedDjango, startRelease } from "./release-subject.ts";

/** Runs the boot once and gives what it said. */
async function release(options: ProjectOptions): Promise<LogRecord[]> {
  await using container = await startRelease(options);
  expect(await container.wait(), await container.logs()).toBe(0);
  return await container.records();
}

const otherSettings = (records: readonly LogRecord[]) =>
  records.find(({ msg }) => msg.includes("is of other settings"));

const staleness = (records: readonly LogRecord[]) =>
  records.find(({ msg }) => msg.includes("is stale and not used"));

test("a rollback: the database has migrations that the image does not know; it warns and goes on", async () => {
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url };
  await release({ env });
  // What is left of a squashed one is older than what the image knows, and of no interest.
  await database.query(
    "insert into django_migrations (id, app, name, applied) values (0, 'cakes', '0000_old', now())",
  );
  const before = await release({ env });
  expect(before.filter(({ level }) => level === "warn")).toEqual([]);
  await database.query(
    "insert into django_migrations (app, name, applied) values ('cakes', '0005_icing', now())",
  );
  await using container = await startReadyCake({ env });
  const warnings = (await container.records()).filter(({ level }) => level === "warn");
  expect(warnings).toMatchObject([{ unknown: ["cakes.0005_icing"] }]);
  expect(warnings[0]?.msg).toContain("does not know: cakes.0005_icing");
  expect(startedDjango(await container.records())).toBe(false);
  // The same where Django has looked.
  const asked = await release({ env, files: { "/app/cake_service/cakes/migrations/NOTES": "" } });
  expect(startedDjango(asked)).toBe(true);
  expect(asked.filter(({ unknown }) => unknown !== undefined)).toMatchObject([
    { level: "warn", unknown: ["cakes.0005_icing"] },
  ]);
});

test("a manifest that was made from other code is noticed and not trusted: the new migration is applied", async () => {
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url };
  await release({ env });
  const added = `from django.db import migrations
class Migration(migrations.Migration):
    dependencies = [("cakes", "0004_beat")]
    operations = [migrations.RunSQL("CREATE TABLE icing (id integer)")]
`;
  const files = { "/app/cake_service/cakes/migrations/0005_icing.py": added };
  const records = await release({ env, files });
  expect(staleness(records)).toMatchObject({ level: "warn", path: "/var/lib/djinit/manifest.json" });
  expect(staleness(records)?.["reason"]).toContain("cakes/migrations/ is not what it was");
  expect(appliedIn(records)).toEqual(["cakes.0005_icing"]);
  // Settings that say the same in other words have the same migrations.
  const example = join(import.meta.dirname, "../../example-app/cake_service");
  const celery = await readFile(join(example, "celery.py"), "utf8");
  const changed = { "/app/cake_service/celery.py": `${celery}\n# changed\n` };
  const same = await release({ env, files: changed });
  expect(staleness(same)).toBeUndefined();
  expect([importedSettings(same), startedDjango(same)]).toEqual([true, false]);
  // Others do not.
  const settings = await readFile(join(example, "settings.py"), "utf8");
  const less = { "/app/cake_service/settings.py": `${settings}\nINSTALLED_APPS.remove("storages")\n` };
  const other = await release({ env, files: less });
  expect(startedDjango(other)).toBe(true);
  expect(other).toContainEqual(
    expect.objectContaining({ reason: expect.stringMatching(/^INSTALLED_APPS is not/) }),
  );
  // Negative control.
  const before = await release({ env });
  expect(staleness(before)).toBeUndefined();
  expect([importedSettings(before), startedDjango(before)]).toEqual([false, false]);
});

test("where the image's does not fit, the first start makes one, and the next start of the container uses it", async () => {
  const database = await createDatabase();
  const env = {
    DATABASE_URL: database.url,
    DJANGO_SETTINGS_MODULE: "custom_user.settings",
    SUPERUSER_PASSWORD: "hunter2",
    DJANGO_SUPERUSER_FULL_NAME: "Élise Baker",
    SUPERUSER_EMAIL: "Elise@CAKES.example",
  };
  await using container = await startReadyProject({ fixture: "custom-user", env });
  const first = await container.records();
  expect(otherSettings(first)).toMatchObject({ level: "info", path: "/var/lib/djinit/manifest.json" });
  expect(startedDjango(first)).toBe(true);
  const second = await restarted(container);
  expect(startedDjango(second)).toBe(false);
  // The user model's own table and USERNAME_FIELD, and the address as its manager writes it down.
  expect(second.map(({ msg }) => msg)).toContain(
    "superuser Elise@CAKES.example exists already: its password was not changed",
  );
  await database.query("delete from custom_user_user");
  const third = await restarted(container);
  expect(third.map(({ msg }) => msg)).toContain("superuser Elise@CAKES.example created");
});

async function restarted(container: Container): Promise<LogRecord[]> {
  await container.stop();
  const before = (await container.records()).length;
  await docker("start it again", ["start", container.id]);
  await eventually(async () => (await container.records()).slice(before).some(isReady), {
    what: "readiness",
    timeoutMs: 60_000,
    attach: () => container.logs(),
  });
  return (await container.records()).slice(before);
}

test("a list of apps that depends on a variable: the manifest holds for its value, whatever the others are", async () => {
  const image = await buildProject({ fixture: "optional-app", settings: "optional_app.settings" });
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url };
  expect(staleness(await release({ image, env }))).toBeUndefined();
  const greeted = await release({ image, env: { ...env, GREETING: "ahoy", DEBUG: "1" } });
  expect(staleness(greeted)).toBeUndefined();
  expect(startedDjango(greeted)).toBe(false);
  const shop = await release({ image, env: { ...env, WITH_SHOP: "1" } });
  expect(otherSettings(shop)?.["reason"]).toContain("INSTALLED_APPS is not what it was");
  expect(appliedIn(shop)).toEqual(["shop.0001_initial"]);
});

test("a schema that the settings choose is looked at; a migrate command that goes from database to database is always asked", async () => {
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url, TROUBLE: "" };
  const elsewhere = await buildProject({
    fixture: "troubled",
    settings: "elsewhere",
    variant: "elsewhere",
    files: {
      "elsewhere.py": `from troubled.settings import *
DATABASES = {"default": {**database, "OPTIONS": {**database.get("OPTIONS", {}), "options": "-c search_path=kitchen,public"}}}
`,
    },
  });
  await database.query("create schema kitchen");
  await release({ image: elsewhere, env });
  const records = await release({ image: elsewhere, env });
  expect([importedSettings(records), startedDjango(records)]).toEqual([true, false]);
  expect(staleness(records)).toBeUndefined();
  expect(await database.query("select 1 from kitchen.django_migrations")).not.toEqual([]);

  const own = await createDatabase();
  const command = `from django.core.management.commands.migrate import Command as Migrate
class Command(Migrate):
    def handle(self, *args, **options):
        print("our own migrate")
        for name in ["default"]:
            super().handle(*args, **{**options, "database": name})
`;
  const files = { "/app/cake_service/cakes/management/commands/migrate.py": command };
  for (const _ of ["first", "second"]) {
    const said = await release({ files, env: { DATABASE_URL: own.url } });
    expect(said.map(({ msg }) => msg)).toContain("our own migrate");
  }
});

test("DJINIT_MIGRATE_ALWAYS runs migrate where nothing is pending", async () => {
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url, DJINIT_MIGRATE_ALWAYS: "1" };
  await release({ env });
  const records = await release({ env });
  expect(records.filter(({ service }) => service === "migrate").map(({ msg }) => msg.trim())).toContain(
    "No migrations to apply.",
  );
});

test("a start that has nowhere to keep a manifest makes none", async () => {
  const { url } = await createDatabase();
  const image = await buildProject({ fixture: "optional-app", settings: "optional_app.settings" });
  const env = { DATABASE_URL: url, WITH_SHOP: "1", DJINIT_LOG_LEVEL: "debug" };
  const messages = (await release({ image, env, more: ["--user", "4242"] })).map(({ msg }) => msg);
  expect(messages).toContain("step migrate started");
  expect(messages).not.toContain("step manifest started");
});

test("/run on a tmpfs, a read-only image, another user: a start that can keep no manifest goes on", async () => {
  const database = await createDatabase();
  const image = await buildProject({ fixture: "optional-app", settings: "optional_app.settings" });
  const records = await release({
    image,
    // Other apps than the image's manifest has.
    env: { DATABASE_URL: database.url, WITH_SHOP: "1" },
    more: ["--read-only", "--tmpfs", "/run:uid=4242", "--tmpfs", "/tmp", "--user", "4242"],
  });
  expect(appliedIn(records)).toHaveLength(23);
  expect(records.filter(({ level }) => level === "error")).toEqual([]);
});
