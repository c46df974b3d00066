// What a container that waits for another one's migrations holds of the server, and when it goes on.
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";
import { expect, test } from "vitest";
import { hasRoom } from "../../src/boot/postgres/room.ts";
import { isLockFree, onRelease, takeLock } from "../../src/boot/schema/lock.ts";
import { eventually } from "../support/eventually.ts";
import { startPgbouncer } from "../support/pgbouncer.ts";
import { createDatabase, type Database, startPostgres } from "../support/postgres.ts";
import { processTable } from "../support/proc.ts";
import { runContext } from "../support/run-context.ts";
import { mainPid, serves } from "./cake-subject.ts";
import { startProject } from "./project-subject.ts";
import { startRelease } from "./release-subject.ts";

const SEES = ({ msg }: { msg: string }) => msg.startsWith("waiting: another container");
/** The pauses between two looks are longer than that by then. */
const LONG_WAIT_MS = 6_000;

type Server = NonNullable<ReturnType<typeof runContext>["postgres"]>;

/** A session from here, as the given role. */
async function connect(
  { name }: Pick<Database, "name">,
  { hostPort, password } = runContext().postgres as Server,
  user = { user: "postgres", password },
): Promise<Client & AsyncDisposable> {
  const client = new Client({ host: "127.0.0.1", port: hostPort, database: name, ...user });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

test("a session may stay open: at a server that has connections to spare, where no limit is the role's or the database's own", async () => {
  const database = await createDatabase();
  await using direct = await connect(database);
  expect(await hasRoom(direct)).toBe(true);

  const role = { user: `few_${database.name}`, password: "few" };
  await database.query(`create role ${role.user} login password 'few' connection limit 3`);
  await using limited = await connect(database, undefined, role);
  expect(await hasRoom(limited)).toBe(false);

  await database.query(`alter database ${database.name} connection limit 50`);
  expect(await hasRoom(direct)).toBe(false);
});

test("a session may not stay open when more than half of the server's connections are in use", async () => {
  const { container, server } = await startPostgres("postgres", [], { max_connections: "12" });
  await using _server = container;
  const database = await createDatabase(server);
  await using sessions = new AsyncDisposableStack();
  const answers: boolean[] = [];
  for (let at = 0; at < 8; at += 1)
    answers.push(await hasRoom(sessions.use(await connect(database, server))));
  expect(answers).toEqual([true, true, true, true, true, true, false, false]);
});

test("a session may not stay open behind a pooler, which may have few connections for all", async () => {
  const [database, pooler] = await Promise.all([createDatabase(), startPgbouncer(2)]);
  await using _pooler = pooler.container;
  const client = await pooler.connect(database);
  expect(await hasRoom(client)).toBe(false);
  await client.end();
});

test("who lets go of the lock tells all sessions that stay open", async () => {
  const database = await createDatabase();
  await using leader = await connect(database);
  await using waiting = await connect(database);
  const lock = await takeLock(leader, "cake_service");
  let isTold = false;
  await onRelease(waiting, () => {
    isTold = true;
  });
  await waiting.query("select 1");
  expect(isTold).toBe(false);
  await lock?.release();
  await eventually(async () => isTold, { what: "it is told", timeoutMs: 20_000 });
  expect(await isLockFree(waiting, "cake_service")).toBe(true);
});

test("who waits stays in one session", async () => {
  const database = await createDatabase();
  await using leader = await connect(database);
  const lock = await takeLock(leader, "cake_service");
  expect(lock).toBeDefined();
  await using waiting = await startRelease({ env: { DATABASE_URL: database.url } });
  await waiting.record("waiting", SEES, 60_000);
  const sessions = () =>
    database.query<{ pid: number }>(
      "select pid from pg_stat_activity where datname = current_database() and application_name = 'djinit'",
    );
  await pause(1_000);
  const before = await sessions();
  await pause(LONG_WAIT_MS);
  expect(before).toHaveLength(1);
  expect(await sessions()).toEqual(before);
  await lock?.release();
  expect(await waiting.wait(60_000)).toBe(0);
});

/** An application that says when it is loaded, and asks for the database before. */
const ASKING = `
from django.db import connection
from cake_service.wsgi import application
print("the application is loaded", flush=True)
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM django_migrations")
    print("it sees", cursor.fetchone()[0], "migrations", flush=True)
`;

test("a web container loads the application while it waits, and its database is there before it is asked", async () => {
  const database = await createDatabase();
  await using leader = await connect(database);
  const lock = await takeLock(leader, "cake_service");
  await using waiting = await startProject({
    command: ["asking:application"],
    files: { "/app/asking.py": ASKING },
    publish: [8000],
    env: { DATABASE_URL: database.url },
  });
  await waiting.record("waiting", SEES, 60_000);
  const gunicorns = async () =>
    (await processTable(waiting)).filter(({ argv }) => argv.some((word) => word.endsWith("/gunicorn")));
  // The second one is the worker, which loads it.
  await eventually(async () => (await gunicorns()).length === 2, {
    what: "a worker",
    timeoutMs: 30_000,
    attach: () => waiting.logs(),
  });
  const pid = Math.min(...(await gunicorns()).map((it) => it.pid));
  await using migrating = await startRelease({ env: { DATABASE_URL: database.url } });
  await migrating.record("waiting", SEES, 60_000);
  await lock?.release();
  await serves(waiting);
  expect(await migrating.wait(60_000)).toBe(0);
  const records = await waiting.records();
  const messages = records.map(({ msg }) => msg);
  expect(messages).toContain("the application is loaded");
  expect(messages.find((msg) => msg.startsWith("it sees"))).toMatch(/^it sees [1-9]\d* migrations$/);
  // Of the two containers either may have migrated. Who did it loads the application anew behind it.
  const migrated = messages.some((msg) => / applied in /.test(msg));
  expect((await mainPid(waiting, "gunicorn")) === pid).toBe(!migrated);
});
