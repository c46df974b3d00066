// Many replicas in one process: each does what a container's boot does with its database, by djinit's own code.
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { systemClock } from "../../../src/base/clock.ts";
import { schemaSession } from "../../../src/boot/database/session.ts";
import { settleSchema } from "../../../src/boot/database/settle.ts";
import { UNOBSERVED } from "../../../src/boot/facts.ts";
import { waitForPostgres } from "../../../src/boot/postgres/wait.ts";
import type { ManifestFacts } from "../../../src/boot/schema/manifest.ts";

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const NEVER = new AbortController().signal;
const DATABASE_TIMEOUT_MS = 60_000;
const MIGRATE_TIMEOUT_MS = 600_000;
const SUPERUSER = { superuserUsername: "admin", superuserEmail: "admin@example.com" };

export interface Crowd {
  /** The database, as a role that is no superuser reaches it. */
  url: string;
  facts: ManifestFacts;
  count: number;
  /** Applies what is pending; called of one replica only, under the lock. */
  migrate: () => Promise<void>;
}

/** A session as the boot waits for one. Errors: those of the wait. */
function openSession(url: string, isAgain: boolean): Promise<Client> {
  return waitForPostgres({
    url,
    origin: { variable: "DATABASE_URL" },
    environment: {},
    timeoutMs: DATABASE_TIMEOUT_MS,
    log: SILENT,
    observer: UNOBSERVED,
    signal: NEVER,
    isAgain,
  });
}

/** Resolves with the moment (of `performance.now`) at which each replica was past its database. Errors: of any of them. */
export async function startCrowd({ url, facts, count, migrate }: Crowd): Promise<number[]> {
  const one = async (): Promise<number> => {
    await settleSchema({
      config: { migrateTimeoutMs: MIGRATE_TIMEOUT_MS },
      log: SILENT,
      observer: UNOBSERVED,
      signal: NEVER,
      steps: ["migrate", "superuser"],
      clock: systemClock,
      random: Math.random,
      connect: async (isAgain) => {
        const config = { settingsModule: "crowd.settings" } as Parameters<typeof schemaSession>[2];
        return schemaSession(await openSession(url, isAgain), facts, config, { superuser: SUPERUSER });
      },
      mayChange: Promise.resolve(),
      onWait: () => {},
      runSteps: migrate,
    });
    return performance.now();
  };
  return await Promise.all(Array.from({ length: count }, one));
}

/** As many bare connections, each with one query, so many at once; the moment at which each was done. Errors: pg's. */
export async function connectBare(url: string, count: number, atOnce: number): Promise<number[]> {
  const done: number[] = [];
  let left = count;
  const worker = async (): Promise<void> => {
    for (; left > 0; ) {
      left -= 1;
      const client = new Client({ connectionString: url });
      await client.connect();
      await client.query("SELECT 1");
      await client.end();
      done.push(performance.now());
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return done;
}

/** A migration of so many seconds, in a connection of its own, as Django has one. Errors: those of the wait; pg's. */
export async function migrateFor(url: string, seconds: number, rows: readonly string[]): Promise<void> {
  const client = await openSession(url, true);
  try {
    await delay(seconds * 1000);
    await client.query(
      "INSERT INTO django_migrations (app, name, applied) SELECT 'crowd', unnest($1::text[]), now()",
      [rows],
    );
  } finally {
    await client.end();
  }
}
