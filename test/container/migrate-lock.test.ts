// The lock when things go wrong: the leader dies, a table is in use, another project is at work.
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";
import { expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { holdLock } from "../support/migration-lock.ts";
import { createDatabase, type Database } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import { failsWith } from "./failure.ts";
import { buildProject } from "./project-image.ts";
import { appliedIn, startRelease } from "./release-subject.ts";

/** Longer than two looks after the lock. */
const STANDSTILL_MS = 12_000;
const SETTINGS = { DJANGO_SETTINGS_MODULE: "troubled.settings" };

/** With the image's manifest djinit holds the lock; with a fixture that is copied in, Django does. */
const WAYS = [
  ["held by djinit", { manifest: true }],
  ["held by Django's own connection", { manifest: false }],
] as const;

async function troubled(
  { manifest }: { manifest: boolean },
  database: Database,
  env: Record<string, string>,
): Promise<Container> {
  const given = { ...SETTINGS, DATABASE_URL: database.url, ...env };
  if (!manifest) return startRelease({ fixture: "troubled", env: given });
  const image = await buildProject({ fixture: "troubled", settings: "troubled.settings" });
  return startRelease({ image, env: given });
}

const isHalfWay = ({ msg }: { msg: string }) => msg === "half-way";

test.each(WAYS)(
  "the leader is killed half-way: the next one takes over, and nothing is applied twice; %s",
  async (_, way) => {
    const database = await createDatabase();
    await using leader = await troubled(way, database, { TROUBLE: "slow", TROUBLE_SECONDS: "600" });
    await leader.record("half-way", isHalfWay, 60_000);
    await using next = await troubled(way, database, {});
    await next.record("waiting", ({ msg }) => msg.startsWith("waiting: another container"), 60_000);
    await docker("kill the leader", ["kill", leader.id]);
    expect(await next.wait(60_000)).toBe(0);
    expect(appliedIn(await leader.records())).toContain("troubled.0001_fine");
    expect(appliedIn(await next.records())).toEqual(["troubled.0002_trouble"]);
  },
);

test.each(WAYS)("TERM while another migrates: ends at once with 0; %s", async (_, way) => {
  const database = await createDatabase();
  await using _lock = await holdLock(database, "troubled");
  await using waiting = await troubled(way, database, {});
  await waiting.record("waiting", ({ msg }) => msg.startsWith("waiting: another container"), 60_000);
  const startedMs = performance.now();
  expect(await waiting.stop()).toBe(0);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});

test.each(WAYS)(
  "five that start together do with three connections, since who waits holds none; %s",
  async (_, way) => {
    const database = await createDatabase();
    const role = `few_${database.name}`;
    await database.query(`create role ${role} login password 'few' connection limit 3`);
    await database.query(`grant create on schema public to ${role}`);
    const url = database.url.replace(/\/\/[^@]*@/, `//${role}:few@`);
    await using stack = new AsyncDisposableStack();
    const containers = await Promise.all(
      Array.from({ length: 5 }, () =>
        troubled(way, { ...database, url }, { TROUBLE: "slow", TROUBLE_SECONDS: "4" }),
      ),
    );
    for (const container of containers) stack.use(container);
    const statuses = await Promise.all(containers.map((container) => container.wait(90_000)));
    const logs = await Promise.all(containers.map((container) => container.logs()));
    expect(statuses, logs.join("\n\n")).toEqual([0, 0, 0, 0, 0]);
    const all = await Promise.all(containers.map((container) => container.records()));
    expect(all.flatMap(appliedIn).filter((name) => name === "troubled.0002_trouble")).toHaveLength(1);
  },
);

test.each(WAYS)("two projects in one server do not wait for each other; %s", async (_, way) => {
  const [database, other] = [await createDatabase(), await createDatabase()];
  // Another database with the same project, and this database with another project.
  await using _first = await holdLock(other, "troubled");
  await using _second = await holdLock(database, "another_project");
  await using release = await troubled(way, database, {});
  expect(await release.wait(60_000)).toBe(0);
});

test.each(WAYS)(
  "a session that holds the lock and ends is noticed, and the work is done; %s",
  async (_, way) => {
    const database = await createDatabase();
    await using release = await troubled(way, database, { TROUBLE: "slow", TROUBLE_SECONDS: "8" });
    await release.record("half-way", isHalfWay, 60_000);
    const killed = await database.query(
      // pg_locks shows the locks of all databases of the server; other tests hold some of them.
      "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())",
    );
    expect(killed).toHaveLength(1);
    if (way.manifest) {
      // It is taken again, and what is left is done.
      expect(await release.wait(60_000)).toBe(0);
      expect(
        appliedIn(await release.records()).filter((name) => name === "troubled.0002_trouble"),
      ).toHaveLength(1);
    } else {
      const error = await failsWith(release, { status: 80, code: "DJINIT_MIGRATE_STEP_FAILED" });
      expect(error.msg).toContain("the lock that keeps other containers from migrating was lost");
    }
    expect(
      await database.query("select 1 from django_migrations where app = 'troubled' and name like '0002%'"),
    ).toHaveLength(way.manifest ? 1 : 0);
  },
);

test("a server that stands still for a while keeps the lock, and the migration goes on", async () => {
  const database = await createDatabase();
  const { postgres } = runContext();
  await using release = await troubled({ manifest: true }, database, {
    TROUBLE: "slow",
    TROUBLE_SECONDS: "45",
  });
  await release.record("half-way", isHalfWay, 60_000);
  const [holder] = await database.query<{ pid: number }>(
    "select pid from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())",
  );
  const send = (signal: string) =>
    docker(`${signal} to the session`, [
      "exec",
      postgres?.container ?? "",
      "sh",
      "-c",
      `kill -${signal} ${holder?.pid}`,
    ]);
  expect(holder?.pid).toEqual(expect.any(Number));
  await send("STOP");
  try {
    // It is asked every 5 s.
    await pause(STANDSTILL_MS);
  } finally {
    await send("CONT");
  }
  expect(await release.wait(120_000)).toBe(0);
  const records = await release.records();
  expect(appliedIn(records).filter((name) => name === "troubled.0002_trouble")).toHaveLength(1);
  expect(records.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
});

test.each(WAYS)(
  "a migration steps back from a table that is in use, and queues nobody up; %s",
  async (_, way) => {
    const database = await createDatabase();
    await database.query("create table held (id integer)");
    await using reader = await holdTable(database);
    await using release = await troubled(way, database, {
      TROUBLE: "held",
      DJINIT_MIGRATE_LOCK_TIMEOUT: "0.3",
    });
    const stepped = await release.record(
      "stepping back",
      ({ msg }) => msg.startsWith("stepped back"),
      60_000,
    );
    expect(stepped).toMatchObject({ level: "warn", service: "migrate", migration: "troubled.0002_trouble" });
    // While it pauses nobody waits: a new reader gets through.
    await eventually(() => database.query("set statement_timeout = 150; select * from held"), {
      what: "a read",
    });
    await reader[Symbol.asyncDispose]();
    expect(await release.wait(60_000)).toBe(0);
    expect(appliedIn(await release.records()).filter((name) => name.startsWith("troubled"))).toEqual([
      "troubled.0001_fine",
      "troubled.0002_trouble",
    ]);
  },
);

test.each(WAYS)(
  "an index that is built concurrently does not wait for the lock's own transaction; %s",
  async (_, way) => {
    const database = await createDatabase();
    await using release = await troubled(way, database, { TROUBLE: "concurrently" });
    expect(await release.wait(60_000)).toBe(0);
    expect(await database.query("select 1 from pg_indexes where indexname = 'troubled_index'")).toHaveLength(
      1,
    );
  },
);

test("a table that stays in use ends the migration before its deadline, with its name and Postgres' own words", async () => {
  const database = await createDatabase();
  await database.query("create table held (id integer)");
  await using _reader = await holdTable(database);
  await using release = await troubled({ manifest: true }, database, {
    TROUBLE: "held",
    DJINIT_MIGRATE_LOCK_TIMEOUT: "0.2",
    DJINIT_MIGRATE_TIMEOUT: "5",
  });
  const error = await failsWith(release, { status: 80, code: "DJINIT_MIGRATION_FAILED" });
  expect(error).toMatchObject({ migration: "troubled.0002_trouble" });
  expect(error.msg).toContain("lock timeout");
});

/** A long query's lock on the table `held`. */
async function holdTable({ name }: Database): Promise<AsyncDisposable> {
  const { postgres } = runContext();
  const client = new Client({
    host: "127.0.0.1",
    port: postgres?.hostPort ?? 0,
    user: "postgres",
    password: postgres?.password ?? "",
    database: name,
  });
  await client.connect();
  await client.query("begin");
  await client.query("select * from held");
  let isHeld = true;
  return {
    [Symbol.asyncDispose]: async () => {
      if (isHeld) await client.end();
      isHeld = false;
    },
  };
}
