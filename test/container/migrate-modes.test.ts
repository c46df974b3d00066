// DJINIT_MIGRATIONS, `djinit release` and `djinit migrations`.
import { expect, test } from "vitest";
import { createDatabase } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import { startReadyCake } from "./cake-subject.ts";
import { failsWith } from "./failure.ts";
import { exampleWithoutManifest } from "./project-image.ts";
import { startProject, startReadyProject } from "./project-subject.ts";
import { appliedIn, startRelease } from "./release-subject.ts";

const BEHIND = { status: 83, code: "DJINIT_SCHEMA_BEHIND" };

const isWaiting = ({ msg }: { msg: string }) => /^waiting for 22 migrations/.test(msg);

test("worker and beat wait until a release has migrated, and start then; with and without a manifest", async () => {
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url };
  await using worker = await startProject({ command: ["celery", "worker"], env });
  await using beat = await startProject({
    image: await exampleWithoutManifest(),
    command: ["celery", "beat"],
    env,
  });
  await worker.record("waiting", isWaiting, 60_000);
  await beat.record("waiting", isWaiting, 60_000);
  await using release = await startRelease({ env });
  expect(await release.wait()).toBe(0);
  for (const container of [worker, beat]) {
    await container.record("readiness", ({ msg }) => msg.startsWith("ready: "), 60_000);
    expect(appliedIn(await container.records())).toEqual([]);
  }
});

test("a command of one's own waits where it is told to, and starts then", async () => {
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url };
  const ask = "from cake_service.cakes.models import Cake; print(Cake.objects.count(), 'cakes')";
  await using command = await startProject({
    command: ["django-admin", "shell", "-c", ask],
    env: { ...env, DJINIT_MIGRATIONS: "wait", DJINIT_COMMAND_OUTPUT: "json" },
  });
  await command.record("waiting", isWaiting, 60_000);
  await using migrates = await startProject({
    command: ["django-admin", "migrate"],
    env: { ...env, DJINIT_MIGRATIONS: "wait" },
  });
  expect(await migrates.wait()).toBe(0);
  expect(await command.wait()).toBe(0);
  expect((await command.records()).some(({ msg }) => / cakes$/.test(msg))).toBe(true);
});

test.each([
  ["with a manifest", () => runContext().images.example],
  ["without", exampleWithoutManifest],
])("check and wait: status 83 where nobody has migrated, and what is pending; %s", async (_, imageOf) => {
  const database = await createDatabase();
  const image = await imageOf();
  const env = { DATABASE_URL: database.url, DJINIT_MIGRATE_TIMEOUT: "2" };
  await using checked = await startProject({
    image,
    command: ["cake_service.wsgi:application"],
    env: { ...env, DJINIT_MIGRATIONS: "check" },
  });
  await using waited = await startProject({ image, command: ["celery", "worker"], env });
  const error = await failsWith(checked, BEHIND);
  expect(error.msg).toMatch(/^cannot start: 22 pending, \S+\.\S+, /);
  expect(error["pending"]).toContain("cakes.0001_initial");
  expect((await failsWith(waited, BEHIND)).msg).toContain("no container has applied them within 2 s");
  expect(await database.query("select 1 from pg_tables where schemaname = 'public'")).toEqual([]);
  // Once it is migrated the check passes.
  await using release = await startRelease({ image, env: { ...env, DJINIT_MIGRATE_TIMEOUT: "60" } });
  expect(await release.wait()).toBe(0);
  await using again = await startReadyProject({ image, env: { ...env, DJINIT_MIGRATIONS: "check" } });
  expect(appliedIn(await again.records())).toEqual([]);
});

test("release does the steps of web and ends; DJINIT_MIGRATIONS wins over SKIP_MIGRATIONS", async () => {
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url, SKIP_MIGRATIONS: "1", RUN_COLLECTSTATIC: "1" };
  await using skipped = await startRelease({ env });
  expect(await skipped.wait()).toBe(0);
  expect(await database.query("select 1 from pg_tables where schemaname = 'public'")).toEqual([]);
  await using release = await startRelease({
    env: { ...env, DJINIT_MIGRATIONS: "run", SUPERUSER_PASSWORD: "hunter2" },
  });
  expect(await release.wait()).toBe(0);
  expect(await database.query("select 1 from auth_user")).toHaveLength(1);
  const messages = (await release.records()).map(({ msg }) => msg.replace(/ in [\d.]+ s$/, ""));
  expect(messages).toEqual(
    expect.arrayContaining([
      "step migrate finished",
      "step collectstatic finished",
      "superuser admin created",
    ]),
  );
  expect(messages.at(-1)).toBe("released: every step of the boot is done");
});

test("djinit migrations: applied, pending and unknown, as a table and as JSON; with and without a manifest", async () => {
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url };
  await using container = await startReadyCake({ env });
  await database.query("delete from django_migrations where name = '0004_beat'");
  await database.query(
    "insert into django_migrations (app, name, applied) values ('cakes', '0099_icing', now())",
  );
  const verb = ["djinit", "migrations"];
  for (const manifests of [1, 0]) {
    if (manifests === 0) await container.output(["rm", "/var/lib/djinit/manifest.json"]);
    const listed = JSON.parse(await container.output([...verb, "--json"])) as Record<string, string[]>;
    expect(listed).toMatchObject({ pending: ["cakes.0004_beat"], unknown: ["cakes.0099_icing"] });
    expect(listed["applied"]).toHaveLength(21);
    const lines = (await container.output(verb)).split("\n");
    expect(lines).toContain("pending  cakes.0004_beat");
    expect(lines).toContain("unknown  cakes.0099_icing");
    expect(lines).toContain("applied  cakes.0001_initial");
  }
});
