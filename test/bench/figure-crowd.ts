import { setTimeout as delay } from "node:timers/promises";
import type { ManifestFacts } from "../../src/boot/schema/manifest.ts";
import { say } from "../../tools/engine/say.ts";
import { eventually } from "../support/eventually.ts";
import { createDatabase, type Database, startPostgres } from "../support/postgres.ts";
import type { Comparison } from "./comparison.ts";
import { connectBare, migrateFor, startCrowd } from "./crowd/replicas.ts";
import { measureInTurn } from "./pairs.ts";
import { usedByAllSeconds } from "./processor-time.ts";

const REPLICAS = 1_000;
/** Postgres' own default. */
const MAX_CONNECTIONS = 100;
/** Some are left for the server's own and for whoever looks. */
const AT_ONCE = 90;
const MIGRATIONS = Array.from({ length: 200 }, (_, at) => `${at + 1}`.padStart(4, "0"));
const MIGRATE_SECONDS = 20;
const MOST_SECONDS = 10;

const FACTS: ManifestFacts = {
  inputs: { files: [], migrations: [], directories: [] },
  settings: { files: [], variables: [], unproven: [], values: {}, takes_url: true },
  migrations: MIGRATIONS.map((name) => ({ app: "crowd", name, replaces: [], dependencies: [] })),
  superuser: { table: "auth_user", column: "username", named_by: "username" },
  needs_django: [],
};

/**
 * A thousand replicas at once against one Postgres with its default of connections: simulated, in one process, by djinit's own
 * code for the session, the query, the wait and the lock. First with nothing pending, then while one of them migrates.
 */
export async function measureCrowd(pairs: number): Promise<Comparison[]> {
  const { container, server } = await startPostgres("postgres", [], {
    max_connections: `${MAX_CONNECTIONS}`,
  });
  try {
    const database = await createDatabase(server);
    await prepare(database);
    // The crowd is no superuser, and is not in a container.
    const url = `postgres://crowd:crowd@127.0.0.1:${server.hostPort}/${database.name}`;
    const startAll = (migrate = async () => {}) =>
      startCrowd({ url, facts: FACTS, count: REPLICAS, migrate });
    const last = async (done: Promise<number[]>) => {
      const startedMs = performance.now();
      return (Math.max(...(await done)) - startedMs) / 1000;
    };
    const settled = await measureInTurn(
      `${REPLICAS} replicas, nothing pending`,
      pairs,
      () => last(startAll()),
      () => last(connectBare(url, REPLICAS, AT_ONCE)),
    );
    const late: number[] = [];
    for (let round = 0; round < pairs; round += 1) {
      const forget = () =>
        database.query("DELETE FROM django_migrations WHERE name = $1", [MIGRATIONS.at(-1)]);
      // The sessions of the round before are not all gone yet.
      await eventually(async () => (await forget()) !== undefined, {
        what: "a connection",
        timeoutMs: 10_000,
      });
      late.push(await whileOneMigrates(startAll, url, database, () => usedByAllSeconds(container)));
    }
    return [
      {
        what: `${REPLICAS} replicas at once, nothing pending: the last one is past its check`,
        unit: "s",
        other: `${REPLICAS} bare connections with one query each, ${AT_ONCE} at once`,
        djinitSamples: settled.a,
        otherSamples: settled.b,
        goal: { text: `at most ${MOST_SECONDS} s`, isMet: ({ djinit }) => djinit.median <= MOST_SECONDS },
      },
      {
        what: `${REPLICAS} replicas, one migrates for ${MIGRATE_SECONDS} s: from its end until the last one is past`,
        unit: "s",
        other: `${REPLICAS} bare connections with one query each, ${AT_ONCE} at once`,
        djinitSamples: late,
        otherSamples: settled.b,
        goal: { text: `at most ${MOST_SECONDS} s`, isMet: ({ djinit }) => djinit.median <= MOST_SECONDS },
      },
    ];
  } finally {
    await container.rm();
  }
}

/** Seconds from the end of the migration until the last one was past it. Errors: the leader's, such as no connection for it. */
async function whileOneMigrates(
  startAll: (migrate: () => Promise<void>) => Promise<number[]>,
  url: string,
  database: Database,
  used: () => Promise<number>,
): Promise<number> {
  let migratedMs = 0;
  let leaders = 0;
  const held: number[] = [];
  const [busy, startedMs] = [await used(), performance.now()];
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      const [row] = await database.query<{ count: number }>(
        "SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = 'crowd'",
      );
      held.push(row?.count ?? 0);
      await delay(500);
    }
  })();
  watching.catch(() => {});
  try {
    const done = await startAll(async () => {
      leaders += 1;
      // Django starts before it connects.
      await delay(500);
      await migrateFor(url, MIGRATE_SECONDS, MIGRATIONS.slice(-1));
      migratedMs = performance.now();
    });
    if (leaders !== 1) throw new Error(`cannot use this measurement: ${leaders} have migrated`);
    const seconds = (performance.now() - startedMs) / 1000;
    const middle = held.slice(Math.round(held.length / 4), -4).toSorted((a, b) => a - b);
    say(
      `while one migrates: ${middle[Math.round(middle.length / 2)]} connections at once (median; at most ${Math.max(...held)}), ` +
        `Postgres takes ${(((await used()) - busy) / seconds).toFixed(2)} processors`,
    );
    return (Math.max(...done) - migratedMs) / 1000;
  } finally {
    isOver = true;
    await watching;
  }
}

async function prepare(database: Database): Promise<void> {
  await database.query("CREATE ROLE crowd LOGIN PASSWORD 'crowd'");
  await database.query(
    "CREATE TABLE django_migrations (id bigserial PRIMARY KEY, app text, name text, applied timestamptz)",
  );
  await database.query("CREATE TABLE auth_user (id bigserial PRIMARY KEY, username text UNIQUE)");
  await database.query("GRANT ALL ON ALL TABLES IN SCHEMA public TO crowd");
  await database.query("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO crowd");
  await database.query("INSERT INTO auth_user (username) VALUES ('admin')");
  await database.query(
    "INSERT INTO django_migrations (app, name, applied) SELECT 'crowd', unnest($1::text[]), now()",
    [MIGRATIONS],
  );
}
