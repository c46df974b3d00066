// What the boot does to the database and to the static files, and when.
import { expect, test } from "vitest";
import { createDatabase, type Database } from "../support/postgres.ts";
import { isReady, positionOf, startReadyCake } from "./cake-subject.ts";
import { startProject, startReadyProject } from "./project-subject.ts";

async function tables({ query }: Database): Promise<string[]> {
  const rows = await query<{ tablename: string }>(
    "select tablename from pg_tables where schemaname = 'public' order by 1",
  );
  return rows.map(({ tablename }) => tablename);
}

test("web migrates an empty database before anything is served, and finds nothing to do the next time", async () => {
  const database = await createDatabase();
  const options = {
    env: { DATABASE_URL: database.url, SUPERUSER_PASSWORD: "hunter2", RUN_COLLECTSTATIC: "1" },
  };
  await using container = await startReadyCake(options);
  expect(await tables(database)).toEqual(
    expect.arrayContaining(["auth_user", "cakes_cake", "django_migrations", "django_session"]),
  );
  const records = await container.records();
  const order = [
    positionOf(records, / answers$/, "djinit"),
    positionOf(records, /^cakes\.0001_initial applied in /, "migrate"),
    positionOf(records, /^step migrate finished/, "djinit"),
    positionOf(records, /^step collectstatic finished/, "djinit"),
    positionOf(records, "superuser admin created", "djinit"),
    positionOf(records, "gunicorn started", "djinit"),
    positionOf(records, "nginx started", "djinit"),
    records.findIndex(isReady),
  ];
  expect(order).toEqual([...order].sort((a, b) => a - b));

  await using again = await startReadyCake(options);
  const second = await again.records();
  expect(second.filter(({ msg }) => / applied in /.test(msg))).toEqual([]);
  positionOf(second, "no migration is pending", "djinit");
});

test("with SKIP_MIGRATIONS there are no tables", async () => {
  const database = await createDatabase();
  await using container = await startReadyCake({
    env: { DATABASE_URL: database.url, SKIP_MIGRATIONS: "1" },
  });
  expect(await tables(database)).toEqual([]);
  expect((await container.records()).filter(({ service }) => service === "migrate")).toEqual([]);
});

test("celery worker, celery beat and a command of one's own neither migrate nor collect nor create", async () => {
  const database = await createDatabase();
  const env = {
    DATABASE_URL: database.url,
    SUPERUSER_PASSWORD: "hunter2",
    RUN_COLLECTSTATIC: "1",
    DJINIT_MIGRATIONS: "skip",
  };
  await using worker = await startReadyProject({ command: ["celery", "worker"], env });
  await using beat = await startReadyProject({ command: ["celery", "beat"], env });
  await using command = await startProject({ command: ["django-admin", "check"], env });
  expect(await command.wait()).toBe(0);
  for (const container of [worker, beat]) {
    expect((await container.records()).filter(({ msg }) => msg.startsWith("step "))).toEqual([]);
  }
  expect(await tables(database)).toEqual([]);
});

test("RUN_COLLECTSTATIC collects; without it the image's files stay as they are", async () => {
  const files = { "/app/cake_service/cakes/static/cakes/new.txt": "fresh\n" };
  const look = ["sh", "-c", "ls /app/staticfiles/cakes; stat -c %U /app/staticfiles/cakes/new.txt"];
  await using collected = await startReadyProject({ files, env: { RUN_COLLECTSTATIC: "1" } });
  const listed = (await collected.output(look)).split("\n");
  expect(listed).toContainEqual(expect.stringMatching(/^new\.[0-9a-f]{12}\.txt$/));
  expect(listed.at(-1)).toBe("django");
  await using plain = await startReadyProject({ files });
  expect((await plain.exec(look)).stdout).not.toContain("new");
});
