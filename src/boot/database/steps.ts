// Which of the steps need Django, and what the others do instead.
import type { Client } from "pg";
import { systemClock } from "../../base/clock.ts";
import type { Config } from "../../config/variables.ts";
import { databaseKind } from "../../plan/database-kind.ts";
import { RUN_DIRECTORY } from "../../plan/paths.ts";
import type { BootPlan, Plan, StepName } from "../../plan/plan.ts";
import type { BootContext } from "../context.ts";
import { djangoEnvironment } from "../django/environment.ts";
import { type Django, runDjango } from "../django/run.ts";
import { withoutService } from "../postgres/service-file.ts";
import { closeSession } from "../postgres/session.ts";
import { type Place, waitForPostgres } from "../postgres/wait.ts";
import { ownMigrateMark } from "../schema/own-migrate.ts";
import { saveManifest } from "../schema/save-manifest.ts";
import { changesDatabase } from "./decide.ts";
import { type Knowledge, learnSchema, type Question } from "./knowledge.ts";
import { areUpToDate } from "./others.ts";
import { schemaSession } from "./session.ts";
import { settleSchema } from "./settle.ts";

/** A manifest that Django has made is kept where the container is this djinit's, and its next start finds the same `run`. */
export type BootDjango = Django & Pick<BootContext, "place"> & Pick<Plan, "run">;

type DatabaseSteps = Pick<BootPlan, "steps" | "onlyIfShared">;

/** What is found out before nginx's files are checked. */
interface Begun {
  knowledge: Exclude<Knowledge, { kind: "alone" }>;
  steps: StepName[];
  /** The first time the session that was begun to be opened. */
  connect: (place: Place, isAgain?: boolean) => Promise<Client>;
}

/**
 * Begins to wait for the database. The returned function does the steps, and changes nothing before `mayChange` has resolved.
 * It also throws the errors of the waiting.
 */
export function beginDjangoSteps(
  django: BootDjango,
  planned: DatabaseSteps,
): (mayChange: Promise<unknown>) => Promise<void> {
  const beginning = begin(django, planned);
  beginning.catch(() => {});
  return async (mayChange) => {
    const begun = await beginning;
    if (begun !== undefined) await finish(django, begun, mayChange);
  };
}

/** Undefined: nothing is to be done. */
async function begin(django: BootDjango, planned: DatabaseSteps): Promise<Begun | undefined> {
  const { config, environment, log, observer, signal } = django;
  const timeoutMs = config.databaseTimeoutMs;
  const connectTo = (place: Place, isAgain = false) =>
    waitForPostgres({ ...place, environment, timeoutMs, log, observer, signal, isAgain });
  const given = djangoEnvironment(config, environment, django.runAsPrefix);
  const byVariable = databaseByVariable(config, given, planned.steps.some(changesDatabase));
  const knowledge = await learn(django, planned, byVariable);
  // The manifest was no longer what it had seemed to be.
  django.reader?.discard();
  if (knowledge.kind === "alone") {
    tellAlone(django, knowledge.database);
    return undefined;
  }
  const { place } = knowledge;
  // An SQLite file is not waited for.
  const waitsHere = place !== undefined || databaseKind(config.databaseUrl) === "file";
  const steps = planned.steps.filter((step) => step !== "wait-for-database" || !waitsHere);
  const needsSession = planned.steps.includes("wait-for-database") || steps.some(changesDatabase);
  if (place === undefined || !needsSession)
    return {
      knowledge: { kind: "unknown", more: moreOf(knowledge), place: undefined },
      steps,
      connect: connectTo,
    };
  let opened: Promise<Client> | undefined = connectTo(place);
  opened.catch(() => {});
  const connect = async (to: Place, isAgain = false): Promise<Client> => {
    const session = opened ?? connectTo(to, isAgain);
    opened = undefined;
    return await session;
  };
  // The application itself has the pooler's address.
  const own = databaseByVariable(config, given, false)?.place;
  const waitsForBoth = "variable" in place.origin && planned.steps.includes("wait-for-database");
  if (waitsForBoth && own !== undefined && own.url !== place.url) await closeSession(await connectTo(own));
  return { knowledge, steps, connect };
}

function learn(
  django: Django,
  { steps, onlyIfShared }: DatabaseSteps,
  byVariable: Question["byVariable"],
): Promise<Knowledge> {
  if (steps.some(changesDatabase)) {
    const startsDjango = steps.includes("collectstatic");
    return learnSchema(django, { byVariable, onlyIfShared, startsDjango });
  }
  return Promise.resolve({ kind: "unknown", more: [], place: byVariable?.place });
}

function moreOf(knowledge: Begun["knowledge"]): StepName[] {
  return knowledge.kind === "unknown" ? knowledge.more : [];
}

/** The database of DATABASE_URL; for a change of the schema, of MIGRATIONS_DATABASE_URL. Undefined if neither is set. */
export function databaseByVariable(
  { databaseUrl, migrationsDatabaseUrl }: Pick<Config, "databaseUrl" | "migrationsDatabaseUrl">,
  environment: NodeJS.ProcessEnv,
  changesSchema: boolean,
): Question["byVariable"] {
  // Only a change of the schema needs the way past the pooler.
  const url = changesSchema ? (migrationsDatabaseUrl ?? databaseUrl) : databaseUrl;
  if (url === undefined) return undefined;
  const variable = url === migrationsDatabaseUrl ? "MIGRATIONS_DATABASE_URL" : "DATABASE_URL";
  const plain = withoutService(url, environment);
  const isPostgres = plain !== undefined && databaseKind(plain) === "postgres";
  return { place: isPostgres ? { url: plain, origin: { variable } } : undefined };
}

async function finish(
  django: BootDjango,
  { knowledge, steps, connect }: Begun,
  mayChange: Promise<unknown>,
): Promise<void> {
  const { config, environment, log, observer, runAsPrefix, signal } = django;
  const { place } = knowledge;
  if (knowledge.kind === "unknown") {
    if (place !== undefined) await closeSession(await connect(place));
    return await runWithoutManifest(django, steps, knowledge.more, mayChange);
  }
  const { facts, others } = knowledge;
  const isAboutSchema = steps.some((step) => changesDatabase(step) && step !== "superuser");
  if (isAboutSchema && !(await areUpToDate(django, facts, others))) {
    await closeSession(await connect(knowledge.place));
    return await runWithoutManifest(django, steps, [], mayChange);
  }
  const mark = ownMigrateMark(facts, djangoEnvironment(config, environment, runAsPrefix));
  const lookedFor = { superuser: steps.includes("superuser") ? config : undefined, mark };
  const left = await settleSchema({
    config,
    log,
    observer,
    signal,
    steps,
    clock: systemClock,
    random: Math.random,
    connect: async (isAgain) =>
      schemaSession(await connect(knowledge.place, isAgain), facts, config, lookedFor),
    mayChange,
    onWait: () => django.gunicorn?.goAhead(),
    runSteps: async (names, until) => {
      await runDjango({ ...django, signal: until }, names, { lock: "held", ownMigrate: mark });
    },
  });
  await runWithoutManifest(django, left, [], mayChange);
}

function tellAlone({ log }: Django, database: "file" | "none"): void {
  const why =
    database === "file" ? "the database is a file that no other container has" : "there is no database";
  log.info({ step: "wait-for-migrations" }, `no migration is waited for: by the settings ${why}`);
}

async function runWithoutManifest(
  django: BootDjango,
  steps: StepName[],
  more: StepName[],
  mayChange: Promise<unknown>,
): Promise<void> {
  await mayChange;
  if (steps.length === 0) return;
  const isKept = django.place.isFirst && django.run === RUN_DIRECTORY;
  const { manifest } = await runDjango(django, [...steps, ...(isKept ? more : [])], { lock: "own" });
  const { config, environment, runAsPrefix, log } = django;
  if (manifest !== undefined)
    saveManifest(manifest, djangoEnvironment(config, environment, runAsPrefix), log);
}
