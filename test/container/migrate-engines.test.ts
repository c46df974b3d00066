// Real servers: Postgres behind a pooler, MariaDB, SQLite.
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { buildImage } from "../../tools/image/build-image.ts";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { type Container, createContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { startMariadb } from "../support/mariadb.ts";
import { startPgbouncer } from "../support/pgbouncer.ts";
import { createDatabase } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import { exampleWithoutManifest } from "./project-image.ts";
import { appliedIn, releaseTogether } from "./release-subject.ts";

const REPLICAS = 5;
const MIGRATIONS = 22;
const STAND_INS = fileURLToPath(new URL("../../tools/stand-ins/", import.meta.url));
const MYSQL_IMAGE = `djinit-test-mysql:${IMAGE_VERSION}`;

beforeAll(() =>
  buildImage({
    tag: MYSQL_IMAGE,
    dockerfile: `${STAND_INS}mysql-client.Dockerfile`,
    context: STAND_INS,
    buildArgs: { PROJECT_IMAGE: runContext().images.example },
  }),
);

/** Starts replicas together, and checks that all of them end well and one has applied everything. */
async function oneMigrates(
  image: string,
  env: Record<string, string>,
  more: { volumes?: string[] } = {},
): Promise<void> {
  await using replicas = new AsyncDisposableStack();
  const containers: Container[] = [];
  for (let replica = 0; replica < REPLICAS; replica += 1) {
    const container = await createContainer({
      image,
      command: ["release"],
      publish: [],
      ...more,
      env: { SECRET_KEY: "for-a-test", SUPERUSER_PASSWORD: "hunter2", ...env },
    });
    containers.push(replicas.use(container));
  }
  const ended = await releaseTogether(containers);
  const said = ended.map(({ records }) => records.map(({ level, msg }) => `${level} ${msg}`).join("\n"));
  expect(
    ended.map(({ status }) => status),
    said.join("\n\n"),
  ).toEqual(containers.map(() => 0));
  const applied = ended.map(({ records }) => appliedIn(records).length).filter((count) => count > 0);
  expect(applied).toEqual([MIGRATIONS]);
}

test("PgBouncer in transaction mode, by djinit's lock and by Django's, with a pool that is smaller than the replicas", async () => {
  const pooler = await startPgbouncer(2);
  await using _container = pooler.container;
  for (const image of [runContext().images.example, await exampleWithoutManifest()]) {
    const DATABASE_URL = pooler.urlOf(await createDatabase());
    await oneMigrates(image, { DATABASE_URL });
  }
});

test("negative control: through that pooler two sessions get the same session lock, but not the same lock of a transaction", async () => {
  const database = await createDatabase();
  const pooler = await startPgbouncer(2);
  await using _container = pooler.container;
  const [one, two] = [await pooler.connect(database), await pooler.connect(database)];
  const take = async (client: typeof one, kind: string) =>
    (await client.query<{ taken: boolean }>(`select pg_try_advisory${kind}lock(42) as taken`)).rows[0]?.taken;
  expect([await take(one, "_"), await take(two, "_")]).toEqual([true, true]);
  await one.query("begin");
  await two.query("begin");
  expect([await take(one, "_xact_"), await take(two, "_xact_")].sort()).toEqual([false, true]);
  await Promise.all([one.end(), two.end()]);
});

test("MIGRATIONS_DATABASE_URL goes past a pooler that would have too few connections", async () => {
  const database = await createDatabase();
  const pooler = await startPgbouncer(1);
  await using _container = pooler.container;
  const env = { DATABASE_URL: pooler.urlOf(database), MIGRATIONS_DATABASE_URL: database.url };
  await oneMigrates(runContext().images.example, env);
});

test("MariaDB: by GET_LOCK", async () => {
  const server = await startMariadb();
  await using _container = server.container;
  const { name, url } = await server.createDatabase();
  await oneMigrates(MYSQL_IMAGE, { DATABASE_URL: url });
  expect(await server.query(name, "select username from auth_user")).toEqual(["admin"]);
});

test("SQLite: by a lock file beside the database, on a volume that the containers share", async () => {
  const volume = `djinit-test-sqlite-${process.pid}`;
  try {
    await oneMigrates(runContext().images.example, {}, { volumes: [`${volume}:/app/data`] });
  } finally {
    await docker("remove the volume", ["volume", "rm", "--force", volume]);
  }
});
