// Any number of replicas start together on an empty database: one migrates.
import { expect, test } from "vitest";
import { type Container, createContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { holdLock } from "../support/migration-lock.ts";
import { createDatabase } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import { isReady, startCake, startReadyCake } from "./cake-subject.ts";
import { buildProject } from "./project-image.ts";
import { appliedIn, releaseTogether, startedDjango } from "./release-subject.ts";

const REPLICAS = 10;
const ROUNDS = 20;
const MIGRATIONS = 22;

test(`of ${REPLICAS} replicas exactly one applies the migrations, in each of ${ROUNDS} rounds; the others start no Django`, {
  timeout: 600_000,
}, async () => {
  const database = await createDatabase();
  const create = () =>
    createContainer({
      image: runContext().images.example,
      command: ["release"],
      publish: [],
      env: { SECRET_KEY: "for-a-test", SUPERUSER_PASSWORD: "hunter2", DATABASE_URL: database.url },
    });
  await using replicas = new AsyncDisposableStack();
  const containers: Container[] = [];
  for (let replica = 0; replica < REPLICAS; replica += 1) containers.push(replicas.use(await create()));
  for (let round = 0; round < ROUNDS; round += 1) {
    await database.query("drop schema public cascade; create schema public");
    const ended = await releaseTogether(containers);
    const trouble = ended.flatMap(({ records }) => records.filter(({ level }) => level !== "info"));
    expect(trouble, `round ${round + 1}`).toEqual([]);
    expect(ended.map(({ status }) => status)).toEqual(containers.map(() => 0));
    const leaders = ended.filter(({ records }) => appliedIn(records).length > 0);
    expect(leaders.map(({ records }) => appliedIn(records).length)).toEqual([MIGRATIONS]);
    expect(ended.filter(({ records }) => startedDjango(records))).toHaveLength(1);
    const rows = await database.query("select 1 from django_migrations");
    expect(rows).toHaveLength(MIGRATIONS);
    expect(await database.query("select 1 from auth_user")).toHaveLength(1);
  }
});

test("negative control: without the lock, replicas that start together break each other", async () => {
  const image = await buildProject({ fixture: "troubled", settings: "troubled.settings" });
  const database = await createDatabase();
  const create = () =>
    createContainer({
      image,
      command: ["django-admin", "migrate"],
      publish: [],
      env: { SECRET_KEY: "for-a-test", DATABASE_URL: database.url, TROUBLE: "slow" },
    });
  await using replicas = new AsyncDisposableStack();
  const containers = [replicas.use(await create()), replicas.use(await create())];
  await docker("start the containers", ["start", ...containers.map(({ id }) => id)]);
  const statuses = await Promise.all(containers.map((container) => container.wait()));
  // Sometimes both: each finds tables that the other has made.
  expect(statuses).toContain(1);
});

test("a web container that comes to a migrated database asks it twice, takes no lock and starts no Django", async () => {
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url, SUPERUSER_PASSWORD: "hunter2" };
  {
    await using first = await startReadyCake({ env });
    expect(appliedIn(await first.records())).toHaveLength(MIGRATIONS);
  }
  // Somebody holds the lock all the time: who wanted it would wait.
  await using locks = await holdLock(database, "cake_service");
  await using second = await startReadyCake({ env });
  const records = await second.records();
  expect(startedDjango(records)).toBe(false);
  expect(records.map(({ msg }) => msg)).toEqual(
    expect.arrayContaining([
      "no migration is pending",
      "superuser admin exists already: its password was not changed",
    ]),
  );
  // Negative control: with something to do it does wait.
  await database.query("delete from django_migrations where app = 'sessions'; drop table django_session");
  await using third = await startCake({ env });
  await third.record("waiting", ({ msg }) => msg === "waiting: another container migrates this database");
  await locks[Symbol.asyncDispose]();
  await third.record("readiness", isReady, 60_000);
  expect(appliedIn(await third.records())).toEqual(["sessions.0001_initial"]);
});
