// Brings the database to the state that this image needs. Starts Django only if something is left to do.
import { type Clock, pause } from "../../base/clock.ts";
import { DjinitError } from "../../base/errors.ts";
import type { StepName } from "../../plan/plan.ts";
import { LOCK_WAIT, logLockWait, logSchemaWait, schemaWait, warnOfNewerSchema } from "../django/events.ts";
import { MOST_NAMES } from "../django/failure.ts";
import type { Django } from "../django/run.ts";
import { databaseFailure } from "../postgres/failure.ts";
import type { Failure } from "../postgres/session.ts";
import type { MigrationLock } from "../schema/lock.ts";
import type { DatabaseState } from "../schema/read.ts";
import { changesDatabase, type Decision, decide, stepsLeft } from "./decide.ts";
import { type KeptSession, keepSession } from "./kept-session.ts";
import { lookPauses } from "./look-pauses.ts";
import type { SchemaSession } from "./session.ts";

/** From one look to the next. */
const SHORTEST_PERIOD_MS = 70;
/** After a session that broke. */
const LOST_PAUSE_MS = 1_000;

const OWN_MIGRATE_IS_DUE =
  "no migration is pending; the project's own migrate runs, as it has not yet with this image and these variables";

export interface Settling {
  config: Pick<Django["config"], "migrateTimeoutMs">;
  log: Django["log"];
  observer: Django["observer"];
  signal: AbortSignal;
  steps: StepName[];
  clock: Clock;
  /** From 0 to 1. */
  random: () => number;
  /** Opens a session when the database lets us in. `isAgain`: it has let us in before. */
  connect: (isAgain: boolean) => Promise<SchemaSession>;
  /** Resolves when the database may be changed. Errors: what forbids it. */
  mayChange: Promise<unknown>;
  /** Called when another container is waited for. */
  onWait: () => void;
  /** Runs these steps by Django, under the lock. */
  runSteps: (steps: StepName[], signal: AbortSignal) => Promise<void>;
}

interface Attempt extends Settling {
  session: SchemaSession;
  isKept: boolean;
  deadlineMs: number;
  turn: number;
}

/**
 * Does the steps for the schema and the superuser, and returns the steps that are left. Only one container at a time
 * works; the others wait for it, and look again. Errors: those of the steps; DJINIT_SCHEMA_BEHIND when
 * the others take longer than DJINIT_MIGRATE_TIMEOUT; the signal's reason.
 */
export async function settleSchema(settling: Settling): Promise<StepName[]> {
  const { config, signal, clock, random } = settling;
  const deadlineMs = clock.monotonicMs() + config.migrateTimeoutMs;
  const pauses = lookPauses(clock);
  const kept = keepSession(settling.connect);
  try {
    for (let turn = 0; ; turn += 1) {
      const sinceMs = clock.monotonicMs();
      const left = await lookOnce(settling, kept, deadlineMs, turn);
      if (Array.isArray(left)) return left;
      if (left === "gone") continue;
      const { released } = await kept.rest();
      const lookMs = clock.monotonicMs() - sinceMs;
      const pauseMs = left === "lost" ? LOST_PAUSE_MS : pauses.nextMs(lookMs) * (1 - 0.3 * random());
      await pause(clock, pauseMs, signal, released);
      // Any role of that database may wake it, in a loop.
      const earlyMs = sinceMs + SHORTEST_PERIOD_MS - clock.monotonicMs();
      if (earlyMs > 0) await pause(clock, earlyMs, signal);
    }
  } finally {
    await kept.close();
  }
}

/** `gone`: a session that was kept open has ended meanwhile, which says nothing. Another one is opened at once. */
async function lookOnce(
  settling: Settling,
  kept: KeptSession,
  deadlineMs: number,
  turn: number,
): Promise<StepName[] | "wait" | "lost" | "gone"> {
  const { steps, log, signal, clock } = settling;
  const { session, isKept } = await kept.open(turn > 0);
  try {
    return await settleIn({ ...settling, session, isKept, deadlineMs, turn });
  } catch (error) {
    if (error instanceof DjinitError || signal.aborted) throw signal.aborted ? signal.reason : error;
    if (error instanceof SessionGone) {
      await kept.close();
      return "gone";
    }
    const cause = (error as Error).message;
    if (isRefusal(error as Failure)) {
      log.warn({ step: "migrate", cause }, `cannot look for migrations without Django: ${cause}`);
      return steps;
    }
    // The session has ended, and the lock with it. The schema shows what is left, whichever container leads now.
    log.warn({ step: "migrate", cause }, `lost the session in the database, trying again: ${cause}`);
    if (clock.monotonicMs() >= deadlineMs)
      throw databaseFailure("cannot look for migrations", error as Failure);
    await kept.close();
    return "lost";
  }
}

/** One that was kept open has ended meanwhile. */
class SessionGone extends Error {}

/** The server has refused, and would refuse again. The excluded classes are those of a server in trouble. */
function isRefusal({ code = "" }: Failure): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && !/^(08|53|57|25P0)/.test(code);
}

async function settleIn(attempt: Attempt): Promise<StepName[] | "wait"> {
  const { session } = attempt;
  const state = await stateNow(attempt);
  let decision = decideNow(attempt, state, false);
  if (decision.kind === "lead") {
    await attempt.mayChange;
    const lock = await session.takeLock();
    if (lock !== undefined) return await lead(attempt, lock);
    decision = decideNow(attempt, state, true);
  }
  if (decision.kind !== "wait") return conclude(attempt, state as DatabaseState, decision);
  tellWait(attempt, decision.for, state);
  return "wait";
}

/** Undefined while another container works. */
async function stateNow({ isKept, session, steps, turn }: Attempt): Promise<DatabaseState | undefined> {
  const waitsForOthers = turn > 0 && !steps.includes("wait-for-migrations");
  try {
    return waitsForOthers && !(await session.isLockFree()) ? undefined : await session.look();
  } catch (error) {
    if (!isKept || error instanceof DjinitError || isRefusal(error as Failure)) throw error;
    throw new SessionGone("it has ended", { cause: error });
  }
}

/** Logged at the first look, which has found out what is pending. */
function tellWait(
  { log, observer, onWait, steps, turn }: Attempt,
  waitsFor: "leader" | "schema",
  state: DatabaseState | undefined,
): void {
  const isFirst = turn === 0;
  onWait();
  if (isFirst) observer.onStepStarted(steps.find(changesDatabase) ?? "migrate");
  // Again each time: meanwhile the database may have been what is waited for.
  if (waitsFor === "leader") observer.onWaiting(LOCK_WAIT);
  else if (state !== undefined) observer.onWaiting(schemaWait(state.pending));
  if (!isFirst) return;
  waitsFor === "leader" ? logLockWait(log) : logSchemaWait(log, (state as DatabaseState).pending);
}

function decideNow(
  { steps, clock, deadlineMs }: Attempt,
  state: DatabaseState | undefined,
  isLedByOther: boolean,
): Decision {
  return decide(steps, state, { isLedByOther, isLate: clock.monotonicMs() >= deadlineMs });
}

/** What is left to do. Errors: DJINIT_SCHEMA_BEHIND. */
function conclude(
  attempt: Attempt,
  state: DatabaseState,
  decision: Exclude<Decision, { kind: "wait" }>,
): StepName[] {
  const { log, config } = attempt;
  switch (decision.kind) {
    case "behind":
      throw behind(decision.isLate ? timeOver(config.migrateTimeoutMs) : "cannot start", state);
    case "ask-django":
      // Django refuses with its own message, or finds that the history is sound.
      log.debug({ step: "migrate" }, "Django is started to judge the history of the migrations");
      break;
    case "settled":
      tellSettled(attempt, state);
      break;
    case "lead":
  }
  return decision.left;
}

async function lead(attempt: Attempt, lock: MigrationLock): Promise<StepName[]> {
  const { session, steps } = attempt;
  try {
    // Between the look and the lock another container may have done it all.
    const state = await session.look();
    const left = stepsLeft(steps, state);
    if (!left.some(changesDatabase)) return conclude(attempt, state, { kind: "settled", left });
    await lock.rest();
    if (state.pending.length > 0) attempt.observer.onPending(state.pending.length);
    else if (state.ownMigrateIsDue) attempt.log.info({ step: "migrate" }, OWN_MIGRATE_IS_DUE);
    await attempt.runSteps(left, AbortSignal.any([attempt.signal, lock.lost]));
    return [];
  } finally {
    await lock.release();
  }
}

function tellSettled({ log, observer, steps }: Attempt, state: DatabaseState): void {
  if (steps.some((step) => changesDatabase(step) && step !== "superuser")) {
    observer.onMigrated(0);
    log.info({ step: "migrate", applied: state.applied.length }, "no migration is pending");
  }
  warnOfNewerSchema(log, state.ahead);
  if (state.superuser !== undefined) {
    const username = state.superuser;
    log.info(
      { step: "superuser", username },
      `superuser ${username} exists already: its password was not changed`,
    );
  }
}

function timeOver(timeoutMs: number): string {
  return `cannot start: no container has applied them within ${timeoutMs / 1000} s`;
}

function behind(what: string, { ownMigrateIsDue, pending }: DatabaseState): DjinitError {
  if (pending.length === 0) {
    const missing = ownMigrateIsDue ? "the project's own migrate has not run" : "there is no superuser";
    return new DjinitError("DJINIT_SCHEMA_BEHIND", `${what}: nothing is pending, but ${missing}`);
  }
  const names = pending.slice(0, 3).join(", ");
  const more = pending.length > 3 ? ` and ${pending.length - 3} more` : "";
  return new DjinitError("DJINIT_SCHEMA_BEHIND", `${what}: ${pending.length} pending, ${names}${more}`, {
    fields: { pending: pending.slice(0, MOST_NAMES) },
  });
}
