// A project with several databases and routers between them: which are migrated, by whom, and what a start looks at.
import { beforeAll, expect, test } from "vitest";
import { createDatabase, type Database } from "../support/postgres.ts";
import { failsWith } from "./failure.ts";
import { buildProject } from "./project-image.ts";
import { type ProjectOptions, startProject } from "./project-subject.ts";
import { appliedIn, importedSettings, startedDjango } from "./release-subject.ts";

const HOOKS = "/etc/djinit/hooks";

let image: string;
beforeAll(async () => {
  image = await buildProject({ fixture: "two-databases", settings: "shop.settings" });
}, 300_000);

interface Shop {
  main: Database;
  events: Database;
  /** Of which nobody may change anything, and which has no schema yet. */
  reader: Database;
  env: Record<string, string>;
}

async function makeShop(): Promise<Shop> {
  const [main, events, reader] = [await createDatabase(), await createDatabase(), await createDatabase()];
  const env = { DATABASE_URL: main.url, EVENTS_DB: events.name, READER_DB: reader.name };
  return { main, events, reader, env };
}

async function tables({ query }: Database): Promise<string[]> {
  const rows = await query<{ tablename: string }>(
    "select tablename from pg_tables where schemaname = 'public' and tablename not like 'auth_%' order by 1",
  );
  return rows.map(({ tablename }) => tablename);
}

async function release(options: ProjectOptions) {
  await using container = await startProject({ image, command: ["release"], ...options });
  const status = await container.wait(60_000);
  return { status, records: await container.records() };
}

test("each is migrated, as the routers have it; the next start asks them, and starts no Django", async () => {
  const { main, events, reader, env } = await makeShop();
  const programs = {
    [`${HOOKS}/before-migrate/once`]: "#!/bin/sh\necho before\n",
    [`${HOOKS}/after-migrate/once`]: "#!/bin/sh\necho after\n",
  };
  const first = await release({ env: { ...env, SUPERUSER_PASSWORD: "hunter2" }, programs });
  expect(first.status, JSON.stringify(first.records)).toBe(0);
  expect(appliedIn(first.records)).toEqual(
    expect.arrayContaining(["orders.0001_initial", "events.0001_initial (events)"]),
  );
  expect(await tables(main)).toEqual(["django_content_type", "django_migrations", "orders_order"]);
  expect(await tables(events)).toEqual(["django_migrations", "events_event"]);
  expect(await tables(reader)).toEqual([]);
  const words = first.records.map(({ msg }) => msg).filter((msg) => ["before", "after"].includes(msg));
  expect(words).toEqual(["before", "after"]);
  // The copy to read from has the schema of the one that it is a copy of.
  expect(appliedIn(first.records).filter((name) => name.includes("(replica)"))).toEqual([]);

  const second = await release({ env: { ...env, SUPERUSER_PASSWORD: "hunter2" }, programs });
  expect(second.status).toBe(0);
  expect(startedDjango(second.records), JSON.stringify(second.records)).toBe(false);
  expect(importedSettings(second.records)).toBe(true);
  expect(second.records.filter(({ level }) => level === "warn")).toEqual([]);

  // What is gone from one of them only is found, whichever it is.
  await events.query("drop table events_event, django_migrations");
  const third = await release({ env, programs });
  expect(third.status).toBe(0);
  expect(appliedIn(third.records)).toContain("events.0001_initial (events)");
  expect(appliedIn(third.records).filter((name) => !name.endsWith("(events)"))).toEqual([]);
  expect(await tables(events)).toEqual(["django_migrations", "events_event"]);
});

test("replicas at once: one migrates all of them, and the others wait", async () => {
  const { events, env } = await makeShop();
  const ended = await Promise.all([1, 2, 3].map(() => release({ env })));
  expect(ended.map(({ status }) => status)).toEqual([0, 0, 0]);
  const applied = ended.flatMap(({ records }) => appliedIn(records));
  expect(new Set(applied).size).toBe(applied.length);
  expect(applied).toContain("events.0001_initial (events)");
  expect(await tables(events)).toContain("events_event");
});

test("with check, what is pending in any is named; with the variable, only those in it count", async () => {
  const { main, events, env } = await makeShop();
  const only = await release({ env: { ...env, DJINIT_MIGRATE_DATABASES: "default" } });
  expect(only.status).toBe(0);
  expect(await tables(main)).toContain("orders_order");
  expect(await tables(events)).toEqual([]);

  await using checks = await startProject({ image, env: { ...env, DJINIT_MIGRATIONS: "check" } });
  const behind = await failsWith(checks, { status: 83, code: "DJINIT_SCHEMA_BEHIND" });
  expect(behind["pending"]).toContain("events.0001_initial (events)");
  await using wrong = await startProject({
    image,
    env: { ...env, DJINIT_MIGRATE_DATABASES: "default,evnets" },
  });
  const unknown = await failsWith(wrong, { status: 78, code: "DJINIT_SETTINGS_FAILED" });
  expect(unknown.msg).toContain("DJINIT_MIGRATE_DATABASES names evnets, and DATABASES has default, events");
});

test("djinit migrations lists all of them", async () => {
  const { env } = await makeShop();
  await using container = await startProject({ image, command: ["sleep", "600"], env });
  const listed = await container.output(["djinit", "migrations"]);
  expect(listed).toMatch(/^pending {2}orders\.0001_initial$/m);
  expect(listed).toMatch(/^pending {2}events\.0001_initial \(events\)$/m);
  expect(listed).not.toContain("legacy");
});
