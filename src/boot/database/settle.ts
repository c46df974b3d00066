// Brings the database to where this image wants it, starting Django only where something is left to do.
import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "pg";
import { DjinitError } from "../../base/errors.ts";
import type { StepName } from "../../plan/plan.ts";
import { logLockWait, logSchemaWait, warnOfNewerSchema } from "../django/events.ts";
import { MOST_NAMES } from "../django/failure.ts";
import { type Django, runDjango } from "../django/run.ts";
import { databaseFailure } from "../postgres/failure.ts";
import { closeSession, type Failure } from "../postgres/session.ts";
import { isLockFree, type MigrationLock, projectOf, takeLock } from "../schema/lock.ts";
import type { ManifestFacts } from "../schema/manifest.ts";
import { type DatabaseState, lookAtDatabase } from "../schema/read.ts";

/** How often others are looked for: seldom enough to cost nothing, often enough that nobody waits long for nothing. */
const FIRST_PAUSE_MS = 100;
const PAUSE_FACTOR = 1.2;
const LONGEST_PAUSE_MS = 1_000;

export interface Settling {
  django: Django;
  facts: ManifestFacts;
  steps: StepName[];
  /** Opens a session when the database lets us in. */
  connect: () => Promise<Client>;
  /** Resolves when the database may be changed. Errors: what forbids it. */
  mayChange: Promise<unknown>;
}

interface Attempt extends Settling {
  client: Client;
  project: string;
  deadlineMs: number;
}

/**
 * Does those steps that are about the schema and the superuser, and returns what is left. Only one container at a time
 * does anything; the others wait until it has, and look again. Errors: those of the steps; DJINIT_SCHEMA_BEHIND when
 * others take longer than DJINIT_MIGRATE_TIMEOUT; the signal's reason.
 */
export async function settleSchema(settling: Settling): Promise<StepName[]> {
  const { steps, django } = settling;
  const { config, log, signal } = django;
  const project = projectOf(config.settingsModule);
  const deadlineMs = performance.now() + config.migrateTimeoutMs;
  for (;;) {
    const client = await settling.connect();
    try {
      return await settleIn({ ...settling, client, project, deadlineMs });
    } catch (error) {
      if (error instanceof DjinitError || signal.aborted) throw signal.aborted ? signal.reason : error;
      const cause = (error as Error).message;
      if (isRefusal(error as Failure)) {
        log.warn({ step: "migrate", cause }, `cannot look for migrations without Django: ${cause}`);
        return steps;
      }
      // The session has ended, and the lock with it: whoever leads now, the schema says what is left to do.
      log.warn({ step: "migrate", cause }, `lost the session in the database, trying again: ${cause}`);
      if (performance.now() >= deadlineMs)
        throw databaseFailure("cannot look for migrations", error as Failure);
      await pause(LONGEST_PAUSE_MS, undefined, { signal });
    } finally {
      await closeSession(client);
    }
  }
}

/** The server has understood and said no: asking again would not change that. Other classes are of a server in trouble. */
function isRefusal({ code = "" }: Failure): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && !/^(08|53|57|25P0)/.test(code);
}

async function settleIn(attempt: Attempt): Promise<StepName[]> {
  const { client, django, project, steps } = attempt;
  const { config, log, signal } = django;
  let pauseMs = FIRST_PAUSE_MS;
  for (let turn = 0; ; turn += 1) {
    const waitsForOthers = turn > 0 && !steps.includes("wait-for-migrations");
    // Who has waited goes on when all of the others' work is done, not when the last migration is.
    if (!waitsForOthers || (await isLockFree(client, project))) {
      const state = await look(attempt);
      if (state.seemsInconsistent) return askDjango(attempt);
      const left = stepsLeft(steps, state);
      if (!left.some(changesDatabase)) return settled(attempt, state, left);
      if (left.includes("check-migrations")) throw behind("cannot start", state);
      const mayLead = !left.includes("wait-for-migrations");
      if (mayLead) await attempt.mayChange;
      const lock = mayLead ? await takeLock(client, project) : undefined;
      if (lock !== undefined) return await lead(attempt, lock);
      if (turn === 0) mayLead ? logLockWait(log) : logSchemaWait(log, state.pending);
      if (performance.now() >= attempt.deadlineMs) throw behind(timeOver(config.migrateTimeoutMs), state);
    }
    await pause(pauseMs * (1 - 0.3 * Math.random()), undefined, { signal });
    pauseMs = Math.min(pauseMs * PAUSE_FACTOR, LONGEST_PAUSE_MS);
  }
}

async function lead(attempt: Attempt, lock: MigrationLock): Promise<StepName[]> {
  const { django, steps } = attempt;
  try {
    // Between the look and the lock another container may have done it all.
    const state = await look(attempt);
    const left = stepsLeft(steps, state);
    if (!left.some(changesDatabase)) return settled(attempt, state, left);
    await lock.rest();
    const signal = AbortSignal.any([django.signal, lock.lost]);
    await runDjango({ ...django, signal }, left, { lock: "held" });
    return [];
  } finally {
    await lock.release();
  }
}

/** It refuses in its own words, or finds that all is well after all. */
function askDjango({ django, steps }: Attempt): StepName[] {
  django.log.debug({ step: "migrate" }, "Django is started to judge the history of the migrations");
  return [...steps];
}

function look({ client, facts, django, steps }: Attempt): Promise<DatabaseState> {
  return lookAtDatabase(client, facts, steps.includes("superuser") ? django.config : undefined);
}

function stepsLeft(steps: readonly StepName[], state: DatabaseState): StepName[] {
  return steps.filter((step) => {
    if (step === "superuser") return state.superuser === undefined;
    return changesDatabase(step) ? state.pending.length > 0 : true;
  });
}

/** Whether a step is about what is in the database. */
export function changesDatabase(step: StepName): boolean {
  return ["migrate", "wait-for-migrations", "check-migrations", "superuser"].includes(step);
}

function settled({ django, steps }: Attempt, state: DatabaseState, left: StepName[]): StepName[] {
  const { log, observer } = django;
  if (steps.some((step) => changesDatabase(step) && step !== "superuser")) {
    observer.onMigrated(0);
    log.info({ step: "migrate", applied: state.applied.length }, "no migration is pending");
  }
  warnOfNewerSchema(log, state.ahead);
  if (state.superuser !== undefined) {
    const username = state.superuser;
    log.info({ step: "superuser", username }, `superuser ${username} exists already`);
  }
  return left;
}

function timeOver(timeoutMs: number): string {
  return `cannot start: no container has applied them within ${timeoutMs / 1000} s`;
}

function behind(what: string, { pending }: DatabaseState): DjinitError {
  const names = pending.slice(0, 3).join(", ");
  const more = pending.length > 3 ? ` and ${pending.length - 3} more` : "";
  return new DjinitError("DJINIT_SCHEMA_BEHIND", `${what}: ${pending.length} pending, ${names}${more}`, {
    fields: { pending: pending.slice(0, MOST_NAMES) },
  });
}
