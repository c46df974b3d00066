// In virtual time, with a session that says what a database would. test/container/migrate-*.test.ts have real ones.
import { expect, test } from "vitest";
import type { SchemaSession } from "../../../../src/boot/database/session.ts";
import { settleSchema } from "../../../../src/boot/database/settle.ts";
import { UNOBSERVED } from "../../../../src/boot/facts.ts";
import type { MigrationLock } from "../../../../src/boot/schema/lock.ts";
import type { StepName } from "../../../../src/plan/plan.ts";
import { VirtualClock } from "../../../support/virtual-clock.ts";

/** Lets everything run that waits for no time. */
const settleDown = () => new Promise((resolve) => setImmediate(resolve));

function settling(steps: StepName[], { migrateTimeoutMs = 60_000, random = 0 } = {}) {
  const clock = new VirtualClock();
  const said: string[] = [];
  const done: string[] = [];
  /** What the observer is told. */
  const seen: string[] = [];
  const database = {
    pending: ["cakes.0001"],
    isLocked: false,
    /** Whether a session may stay open while its container waits. */
    hasRoom: false,
    /** A session that stays open is told of the lock by it. */
    tell: () => {},
    sessions: 0,
    /** Of these sessions, those that have not been closed. */
    open: 0,
    looks: 0,
    /** How often it has been told that another container is waited for. */
    waits: 0,
    failure: undefined as unknown,
    superuser: undefined as string | undefined,
    ownMigrateIsDue: false,
  };
  const abort = new AbortController();
  const lock: MigrationLock = {
    lost: new AbortController().signal,
    rest: async () => void done.push("rest"),
    release: async () => void done.push("release"),
  };
  const session: SchemaSession = {
    look: async () => {
      database.looks += 1;
      const { failure } = database;
      database.failure = undefined;
      if (failure !== undefined) throw failure;
      const { pending, superuser, ownMigrateIsDue } = database;
      return {
        applied: [],
        pending,
        unknown: [],
        ahead: [],
        seemsInconsistent: false,
        superuser,
        ownMigrateIsDue,
      };
    },
    isLockFree: async () => {
      const { failure } = database;
      database.failure = undefined;
      if (failure !== undefined) throw failure;
      return !database.isLocked;
    },
    mayStay: async (onRelease) => {
      database.tell = onRelease;
      return database.hasRoom;
    },
    takeLock: async () => (database.isLocked ? undefined : lock),
    close: async () => {
      database.open -= 1;
      done.push("close");
    },
  };
  const about: object[] = [];
  const say = (fields: object, text: string) => {
    about.push(fields);
    said.push(text);
  };
  const left = settleSchema({
    config: { migrateTimeoutMs },
    log: { debug: say, info: say, warn: say, error: say },
    observer: {
      ...UNOBSERVED,
      onStepStarted: (step) => void seen.push(step),
      onWaiting: (cause) => void seen.push(`waiting: ${cause}`),
      onPending: (count) => void seen.push(`${count} pending`),
    },
    signal: abort.signal,
    steps,
    clock,
    random: () => random,
    connect: async (isAgain) => {
      expect(isAgain).toBe(database.sessions > 0);
      database.sessions += 1;
      database.open += 1;
      return session;
    },
    mayChange: Promise.resolve(),
    onWait: () => {
      database.waits += 1;
    },
    runSteps: async (names) => void done.push(`run ${names.join(" ")}`),
  });
  left.catch(() => {});
  const pass = async (ms: number) => {
    for (let rest = ms; rest > 0; rest -= 100) {
      await settleDown();
      clock.advance(Math.min(rest, 100));
      await settleDown();
    }
  };
  return { left, database, said, about, done, seen, abort, pass };
}

test("the leader runs what is left under the lock, and lets it go", async () => {
  const { left, done, seen } = settling(["migrate", "collectstatic"]);
  expect(await left).toEqual([]);
  expect(seen).toEqual(["1 pending"]);
  expect(done).toEqual(["rest", "run migrate collectstatic", "release", "close"]);
});

test("others wait until the leader has let go, and look again then", async () => {
  const { left, database, said, done, seen, pass } = settling(["migrate", "collectstatic"]);
  database.isLocked = true;
  await pass(5_000);
  expect(said).toEqual(["waiting: another container migrates this database"]);
  expect(seen.slice(0, 2)).toEqual(["migrate", "waiting: another container migrates this database"]);
  expect(new Set(seen).size).toBe(2);
  database.pending = [];
  await pass(5_000);
  expect(database.looks).toBe(1);
  database.isLocked = false;
  await pass(1_000);
  expect(await left).toEqual(["collectstatic"]);
  expect(new Set(done)).toEqual(new Set(["close"]));
});

test.each<[StepName]>([["migrate"], ["wait-for-migrations"]])(
  "who waits with %s has no session open meanwhile: a hundred would take all that Postgres has",
  async (step) => {
    const { left, database, pass } = settling([step]);
    database.isLocked = true;
    for (let look = 0; look < 30; look += 1) {
      await pass(100);
      expect(database.open).toBe(0);
    }
    expect(database.sessions).toBeGreaterThan(5);
    Object.assign(database, { pending: [], isLocked: false });
    await pass(1_000);
    await left;
    expect(database.open).toBe(0);
  },
);

test.each<[StepName]>([["migrate"], ["wait-for-migrations"]])(
  "where the server has room, who waits with %s keeps its session, and looks as often",
  async (step) => {
    const { left, database, done, pass } = settling([step]);
    Object.assign(database, { isLocked: true, hasRoom: true });
    await pass(10_000);
    expect(database).toMatchObject({ sessions: 1, open: 1 });
    // Others need the connections by now.
    database.hasRoom = false;
    await pass(3_000);
    expect(database.open).toBe(0);
    expect(database.sessions).toBeGreaterThan(1);
    Object.assign(database, { pending: [], isLocked: false });
    await pass(2_000);
    await left;
    expect(database.open).toBe(0);
    expect(done.filter((it) => it === "close")).toHaveLength(database.sessions);
  },
);

test("who waits in an open session looks at once when the lock is let go", async () => {
  const { left, database, pass } = settling(["migrate"]);
  Object.assign(database, { isLocked: true, hasRoom: true });
  await pass(10_000);
  Object.assign(database, { pending: [], isLocked: false });
  database.tell();
  // In no time at all.
  await pass(1);
  expect(await Promise.race([left, "still waits"])).toEqual([]);
  expect(database.open).toBe(0);
});

test("who is woken again and again does not look each time", async () => {
  const { database, abort, pass } = settling(["migrate"]);
  Object.assign(database, { isLocked: true, hasRoom: true });
  await pass(10_000);
  const before = database.waits;
  for (let time = 0; time < 70; time += 1) {
    database.tell();
    await pass(10);
  }
  expect(database.waits - before).toBeGreaterThan(5);
  expect(database.waits - before).toBeLessThan(15);
  abort.abort("SIGTERM");
});

test("a session that has ended while it was kept open says nothing; the next one to end does", async () => {
  const { left, database, said, pass } = settling(["migrate"]);
  Object.assign(database, { isLocked: true, hasRoom: true });
  await pass(300);
  said.length = 0;
  database.failure = new Error("Connection terminated unexpectedly");
  await pass(2_000);
  expect(said).toEqual([]);
  expect(database).toMatchObject({ sessions: 2, open: 1, failure: undefined });
  database.hasRoom = false;
  await pass(2_000);
  database.failure = new Error("Connection terminated unexpectedly");
  await pass(2_000);
  expect(said).toEqual([expect.stringContaining("lost the session in the database, trying again")]);
  Object.assign(database, { pending: [], isLocked: false });
  await pass(3_000);
  expect(await left).toEqual([]);
  expect(database.open).toBe(0);
});

test("a stop ends the session that was kept open", async () => {
  const { left, database, abort, pass } = settling(["migrate"]);
  Object.assign(database, { isLocked: true, hasRoom: true });
  await pass(300);
  abort.abort("SIGTERM");
  await expect(left).rejects.toBe("SIGTERM");
  expect(database.open).toBe(0);
});

test("one that may not migrate waits for the schema, with pauses that grow to a second, and in a long wait to five", async () => {
  const { left, database, said, seen, pass } = settling(["wait-for-migrations"], {
    migrateTimeoutMs: 600_000,
  });
  await pass(1_000);
  const early = database.looks;
  await pass(9_000);
  const before = database.looks;
  await pass(10_000);
  expect(early).toBeGreaterThan(4);
  expect(database.looks - before).toBe(10);
  await pass(100_000);
  const late = database.looks;
  await pass(50_000);
  expect(database.looks - late).toBe(10);
  expect(said).toEqual(["waiting for 1 migrations that another container is to apply"]);
  expect(seen.slice(0, 2)).toEqual([
    "wait-for-migrations",
    "waiting: 1 migrations that another container is to apply",
  ]);
  expect(new Set(seen).size).toBe(2);
  database.pending = [];
  await pass(5_000);
  expect(await left).toEqual([]);
});

test("the time to wait is over at DJINIT_MIGRATE_TIMEOUT", async () => {
  const { left, pass } = settling(["wait-for-migrations"], { migrateTimeoutMs: 3_000 });
  await pass(5_000);
  await expect(left).rejects.toMatchObject({
    code: "DJINIT_SCHEMA_BEHIND",
    message: "cannot start: no container has applied them within 3 s: 1 pending, cakes.0001",
  });
});

test.each<[StepName, boolean, string]>([
  ["migrate", true, "the project's own migrate has not run"],
  ["superuser", false, "there is no superuser"],
])("what is missing where nothing is pending: %s", async (step, ownMigrateIsDue, missing) => {
  const { left, database } = settling([step], { migrateTimeoutMs: 0 });
  Object.assign(database, { pending: [], isLocked: true, ownMigrateIsDue });
  await expect(left).rejects.toMatchObject({
    code: "DJINIT_SCHEMA_BEHIND",
    message: expect.stringMatching(new RegExp(`nothing is pending, but ${missing}$`)),
  });
});

test("the project's own migrate, which is due, runs where nothing is pending, and that is said", async () => {
  const { left, database, done, said } = settling(["migrate", "collectstatic"]);
  Object.assign(database, { pending: [], ownMigrateIsDue: true });
  expect(await left).toEqual([]);
  expect(done).toContain("run migrate collectstatic");
  expect(said).toEqual([expect.stringContaining("the project's own migrate runs")]);
});

test("a session that breaks is opened again, after a second", async () => {
  const { left, database, said, pass } = settling(["migrate"]);
  database.failure = new Error("the server has hung up");
  await pass(900);
  expect(database.sessions).toBe(1);
  await pass(100);
  expect(await left).toEqual([]);
  expect(database.sessions).toBe(2);
  expect(said[0]).toContain("lost the session in the database, trying again");
});

test("a server that refuses the question is asked by Django", async () => {
  const { left, database, said, about } = settling(["migrate"]);
  database.failure = Object.assign(new Error("no such column"), { code: "42703" });
  expect(await left).toEqual(["migrate"]);
  expect(said).toEqual(["cannot look for migrations without Django: no such column"]);
  expect(about).toEqual([{ step: "migrate", cause: "no such column" }]);
});

test("where all is done it says so, and does what does not change the database", async () => {
  const { left, database, said, about, done, pass } = settling(["migrate", "superuser", "collectstatic"]);
  database.pending = [];
  database.superuser = "admin";
  await pass(100);
  expect(await left).toEqual(["collectstatic"]);
  expect(done).toEqual(["close"]);
  expect(said).toEqual([
    "no migration is pending",
    "superuser admin exists already: its password was not changed",
  ]);
  expect(about).toEqual([
    { step: "migrate", applied: 0 },
    { step: "superuser", username: "admin" },
  ]);
});

test("one that has only a superuser to make says nothing of migrations", async () => {
  const { left, database, said } = settling(["superuser"]);
  database.pending = [];
  database.superuser = "admin";
  expect(await left).toEqual([]);
  expect(said).toEqual(["superuser admin exists already: its password was not changed"]);
});

test("of many that are pending three are named", async () => {
  const { left, database, pass } = settling(["wait-for-migrations"], { migrateTimeoutMs: 1_000 });
  database.pending = ["a.1", "a.2", "a.3", "a.4"];
  await pass(2_000);
  await expect(left).rejects.toThrow("within 1 s: 4 pending, a.1, a.2, a.3 and 1 more");
});

test("chance shortens a pause by three tenths at most, so that replicas do not ask in step", async () => {
  const looksAfter = async (ms: number, random: number) => {
    const { database, pass, abort, left } = settling(["wait-for-migrations"], { random });
    await settleDown();
    await pass(ms);
    abort.abort("over");
    await left.catch(() => {});
    return database.looks;
  };
  expect(await looksAfter(100, 0)).toBe(2);
  expect(await looksAfter(60, 1)).toBe(1);
  expect(await looksAfter(70, 1)).toBe(2);
});

test("a server that cannot be asked to the end is a failure", async () => {
  const { left, database, pass } = settling(["migrate"], { migrateTimeoutMs: 0 });
  database.failure = new Error("the server has hung up");
  await pass(100);
  await expect(left).rejects.toThrow("cannot look for migrations");
});

test("a stop ends the wait at once", async () => {
  const { left, database, abort, pass } = settling(["migrate"]);
  database.isLocked = true;
  await pass(300);
  abort.abort("SIGTERM");
  await expect(left).rejects.toBe("SIGTERM");
});
