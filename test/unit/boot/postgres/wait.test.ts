import type { Client } from "pg";
import { expect, test } from "vitest";
import type { DjinitError } from "../../../../src/base/errors.ts";
import { UNOBSERVED } from "../../../../src/boot/facts.ts";
import { type Origin, waitForPostgres } from "../../../../src/boot/postgres/wait.ts";
import { VirtualClock } from "../../../support/virtual-clock.ts";

const log = {
  debug: () => {},
  info: (_fields: object, _text: string) => {},
  warn: () => {},
  error: () => {},
};
const { signal } = new AbortController();
/** Nobody listens there. */
const url = "postgres://u:word@127.0.0.1:1/cakes";

test.each<[Origin, string, object]>([
  [
    { variable: "DATABASE_URL" },
    "cannot reach database 127.0.0.1:1/cakes within 0 s",
    { variable: "DATABASE_URL" },
  ],
  [
    { variable: "MIGRATIONS_DATABASE_URL" },
    "cannot reach database 127.0.0.1:1/cakes of MIGRATIONS_DATABASE_URL within 0 s",
    { variable: "MIGRATIONS_DATABASE_URL" },
  ],
  [
    { settingsReadIt: ["POSTGRES_HOST", "POSTGRES_PASSWORD"] },
    "cannot reach database 127.0.0.1:1/cakes of the settings (POSTGRES_HOST, POSTGRES_PASSWORD) within 0 s",
    { variables: ["POSTGRES_HOST", "POSTGRES_PASSWORD"] },
  ],
  [
    { settingsReadIt: [] },
    "cannot reach database 127.0.0.1:1/cakes of the settings within 0 s",
    { variables: [] },
  ],
])("%j is what is named when it is the one that is wrong", async (origin, message, fields) => {
  const options = { url, origin, environment: {}, timeoutMs: 0, log, observer: UNOBSERVED, signal };
  const waited = waitForPostgres(options);
  const error = (await waited.catch((thrown: unknown) => thrown)) as DjinitError;
  expect(error).toMatchObject({ code: "DJINIT_DATABASE_UNAVAILABLE", fields });
  expect(error.message).toContain(message);
});

/** A wait in virtual time for a server whose attempts end as `answer` says. */
function waiting(timeoutMs: number, answer: (attempt: number) => Client | Error, isAgain = false) {
  const told: string[] = [];
  const clock = new VirtualClock();
  const attempts: { atMs: number; limitMs: number }[] = [];
  const abort = new AbortController();
  const open = async (_: unknown, limitMs: number): Promise<Client> => {
    attempts.push({ atMs: clock.monotonicMs(), limitMs });
    const answered = answer(attempts.length);
    if (answered instanceof Error) throw answered;
    return answered;
  };
  const options = {
    url,
    origin: { variable: "DATABASE_URL" },
    environment: {},
    timeoutMs,
    log: { ...log, info: (_: object, text: string) => void told.push(text) },
    observer: {
      ...UNOBSERVED,
      onStepStarted: (step: string) => void told.push(step),
      onStep: ({ step }: { step: string }) => void told.push(`${step} is done`),
      onWaiting: () => void told.push("waits"),
    },
    signal: abort.signal,
    isAgain,
  };
  const waited = waitForPostgres(options, { clock, random: () => 0, open });
  waited.catch(() => {});
  const pass = async (ms: number) => {
    for (let rest = ms; rest > 0; rest -= 100) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(Math.min(rest, 100));
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { waited, attempts, abort, pass, told };
}

const refused = (code: string) => Object.assign(new Error("no"), { code });

test("the pauses double, up to two seconds, until the server answers", async () => {
  const client = {} as Client;
  const { waited, attempts, pass } = waiting(60_000, (at) => (at === 8 ? client : refused("ECONNREFUSED")));
  await pass(10_000);
  expect(await waited).toBe(client);
  expect(attempts.map(({ atMs }) => atMs)).toEqual([0, 100, 300, 700, 1_500, 3_100, 5_100, 7_100]);
});

test("the first time it says what it waits for, and what answers", async () => {
  const { waited, pass, told } = waiting(60_000, (at) => (at === 2 ? ({} as Client) : refused("53300")));
  await pass(1_000);
  await waited;
  expect(told).toEqual([
    "wait-for-database",
    "waits",
    expect.stringContaining("waiting for database"),
    "wait-for-database is done",
    expect.stringContaining("answers"),
  ]);
});

test("of a database that has answered before, it says nothing in the first five seconds, and no step begins", async () => {
  const soon = waiting(60_000, (at) => (at === 6 ? ({} as Client) : refused("53300")), true);
  await soon.pass(10_000);
  await soon.waited;
  expect(soon.told).toEqual([]);
  const late = waiting(60_000, (at) => (at === 8 ? ({} as Client) : refused("53300")), true);
  await late.pass(10_000);
  await late.waited;
  expect(late.told).toEqual([
    "waits",
    expect.stringContaining("waiting for database"),
    expect.stringContaining("answers"),
  ]);
});

test("no attempt overruns the deadline, and the last one is at it", async () => {
  const { waited, attempts, pass } = waiting(1_000, () => refused("ECONNREFUSED"));
  await pass(2_000);
  await expect(waited).rejects.toMatchObject({ code: "DJINIT_DATABASE_UNAVAILABLE" });
  expect(attempts.at(-1)).toEqual({ atMs: 1_000, limitMs: 250 });
  expect(attempts[0]).toEqual({ atMs: 0, limitMs: 1_000 });
});

test("a database that answers is named by its place; which variables the settings read is for errors alone", async () => {
  const said: unknown[] = [];
  const origin = { settingsReadIt: ["POSTGRES_HOST"] };
  const say = { ...log, info: (_: object, text: string) => void said.push(text) };
  const options = { url, origin, environment: {}, timeoutMs: 0, log: say, observer: UNOBSERVED, signal };
  const client = {} as Client;
  await waitForPostgres(options, { clock: new VirtualClock(), random: () => 0, open: async () => client });
  expect(said).toEqual(["database 127.0.0.1:1/cakes of the settings answers"]);
});

test("what waiting does not change ends it at once", async () => {
  const { waited, attempts } = waiting(60_000, () => refused("28P01"));
  await expect(waited).rejects.toMatchObject({ code: "DJINIT_DATABASE_REFUSED_LOGIN" });
  expect(attempts).toHaveLength(1);
});

test("a stop ends the wait at once", async () => {
  const { waited, abort, pass } = waiting(60_000, () => refused("ECONNREFUSED"));
  await pass(200);
  abort.abort("SIGTERM");
  await expect(waited).rejects.toBe("SIGTERM");
});

test.each([
  [
    Object.assign(
      new Error("self-signed certificate; if the root CA is installed locally, try running Node.js"),
      {
        code: "DEPTH_ZERO_SELF_SIGNED_CERT",
      },
    ),
    "cannot connect to database 127.0.0.1:1/cakes: self-signed certificate",
  ],
  [
    new Error("SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string"),
    "cannot log in to database 127.0.0.1:1/cakes: no password is given (SASL",
  ],
])("the driver's words become an operator's: %s", async (failure, words) => {
  const { waited, pass } = waiting(60_000, () => failure);
  await pass(100);
  expect(((await waited.catch((thrown: unknown) => thrown)) as Error).message).toContain(words);
  expect(((await waited.catch((thrown: unknown) => thrown)) as Error).message).not.toContain("Node.js");
});

test("of several servers the one that has answered is named", async () => {
  const records: string[] = [];
  const told = { ...log, info: (_: object, text: string) => void records.push(text) };
  const several = "postgres://u:word@one:1,two:2/cakes";
  const options = {
    origin: { variable: "DATABASE_URL" },
    environment: {},
    timeoutMs: 0,
    observer: UNOBSERVED,
    signal,
  };
  const open = async () => ({ host: "two", port: 2 }) as Client;
  await waitForPostgres(
    { ...options, url: several, log: told },
    { clock: new VirtualClock(), random: () => 0, open },
  );
  expect(records).toEqual(["database two:2/cakes answers"]);
});
