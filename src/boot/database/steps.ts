// Which of the steps need Django, and what the others do instead.
import type { Client } from "pg";
import { systemClock } from "../../base/clock.ts";
import { databaseKind } from "../../plan/database-kind.ts";
import { RUN_DIRECTORY } from "../../plan/paths.ts";
import type { Plan, StepName } from "../../plan/plan.ts";
import type { BootContext } from "../context.ts";
import { type Django, djangoEnvironment, runDjango } from "../django/run.ts";
import { closeSession } from "../postgres/session.ts";
import { waitForPostgres } from "../postgres/wait.ts";
import { findManifest, type ManifestFacts } from "../schema/manifest.ts";
import { saveManifest } from "../schema/save-manifest.ts";
import { changesDatabase } from "./decide.ts";
import { schemaSession } from "./session.ts";
import { settleSchema } from "./settle.ts";

/** A manifest that Django has made is kept where the container is this djinit's, and its next start finds the same `run`. */
export type BootDjango = Django & Pick<BootContext, "place"> & Pick<Plan, "run">;

/**
 * Begins to wait for the database. The returned function does the steps, and changes nothing before `mayChange` has resolved.
 * It also throws the errors of the waiting.
 */
export function beginDjangoSteps(
  django: BootDjango,
  planned: readonly StepName[],
): (mayChange: Promise<unknown>) => Promise<void> {
  const { config, environment, log, observer, signal } = django;
  const { databaseUrl, migrationsDatabaseUrl } = config;
  // Only a change of the schema needs the way past the pooler.
  const url = planned.some(changesDatabase) ? (migrationsDatabaseUrl ?? databaseUrl) : databaseUrl;
  const kind = databaseKind(url);
  const steps = planned.filter((step) => step !== "wait-for-database" || kind === "other");
  const timeoutMs = config.databaseTimeoutMs;
  const waitFor = (place: string) => {
    const variable = place === migrationsDatabaseUrl ? "MIGRATIONS_DATABASE_URL" : "DATABASE_URL";
    return waitForPostgres({ url: place, variable, environment, timeoutMs, log, observer, signal });
  };
  const needsSession = planned.includes("wait-for-database") || steps.some(changesDatabase);
  if (kind !== "postgres" || !needsSession)
    return (mayChange) => runWithoutManifest(django, steps, [], mayChange);

  let opened: Promise<Client> | undefined = waitFor(url as string);
  opened.catch(() => {});
  const connect = (): Promise<Client> => {
    const session = opened ?? waitFor(url as string);
    opened = undefined;
    return session;
  };
  const { facts, more } = steps.some(changesDatabase) ? knownFacts(django) : { more: [] };
  return async (mayChange) => {
    // The application itself has the pooler's address.
    const waitsForBoth = planned.includes("wait-for-database") && databaseUrl !== url;
    if (waitsForBoth && databaseKind(databaseUrl) === "postgres")
      await closeSession(await waitFor(databaseUrl as string));
    if (facts === undefined) {
      await closeSession(await connect());
      return await runWithoutManifest(django, steps, more, mayChange);
    }
    const findsSuperuser = steps.includes("superuser");
    const left = await settleSchema({
      config,
      log,
      observer,
      signal,
      steps,
      clock: systemClock,
      random: Math.random,
      connect: async () => schemaSession(await connect(), facts, { config, findsSuperuser }),
      mayChange,
      runSteps: async (names, until) => {
        await runDjango({ ...django, signal: until }, names, { lock: "held" });
      },
    });
    await runWithoutManifest(django, left, [], mayChange);
  };
}

/** The facts to trust, or what is to be done so that the next start has some. */
function knownFacts(django: Django): { facts?: ManifestFacts; more: StepName[] } {
  const { config, environment, runAsPrefix, log } = django;
  if (config.migrateAlways) return { more: [] };
  const { manifest, stale } = findManifest(djangoEnvironment(config, environment, runAsPrefix));
  if (stale !== undefined) {
    const { path, reason } = stale;
    log.warn({ step: "manifest", path, reason }, `the manifest ${path} is stale and not used: ${reason}`);
  }
  if (manifest === undefined) return { more: ["manifest"] };
  const { needs_django: reasons } = manifest.facts;
  if (reasons.length === 0) return { facts: manifest.facts, more: [] };
  log.debug({ step: "manifest", reasons }, `Django is started to look for migrations: ${reasons.join("; ")}`);
  return { more: [] };
}

async function runWithoutManifest(
  django: BootDjango,
  steps: StepName[],
  more: StepName[],
  mayChange: Promise<unknown>,
): Promise<void> {
  await mayChange;
  if (steps.length === 0) return;
  const { manifest } = await runDjango(django, [...steps, ...more], { lock: "own" });
  const { config, environment, runAsPrefix, log } = django;
  if (manifest !== undefined && django.place.isFirst && django.run === RUN_DIRECTORY)
    saveManifest(manifest, djangoEnvironment(config, environment, runAsPrefix), log);
}
