// Which of the steps need Django, and what the others do instead.
import { systemClock } from "../base/clock.ts";
import { forApplication, identityOf, withoutBootSecrets } from "../plan/environment.ts";
import { DJANGO_USER } from "../plan/paths.ts";
import type { StepName } from "../plan/plan.ts";
import { databaseKind } from "./database-url.ts";
import { runDjangoSetup } from "./django-setup.ts";
import type { Preparation } from "./preparation.ts";
import { waitForPostgres } from "./wait-for-postgres.ts";

/** Room for Django to start and for the helper to report its own deadline before ours ends it. */
const SETUP_MARGIN_MS = 10_000;

/** Waits for the database, migrates, collects, creates. Errors: those of the steps. */
export async function runDjangoSteps(
  preparation: Preparation,
  planned: StepName[],
  dropWords: string[],
): Promise<void> {
  const { config, environment, log, signal, sink } = preparation;
  const { databaseUrl, databaseTimeoutMs } = config;
  let steps = planned;
  if (steps.includes("wait-for-database")) {
    const kind = databaseKind(databaseUrl);
    if (kind === "postgres")
      await waitForPostgres({ url: databaseUrl as string, timeoutMs: databaseTimeoutMs, log, signal });
    if (kind !== "other") steps = steps.filter((step) => step !== "wait-for-database");
  }
  if (steps.length === 0) return;
  await runDjangoSetup({
    steps,
    dropWords,
    environment: {
      ...forApplication(withoutBootSecrets(environment)),
      ...(steps.includes("superuser") ? { SUPERUSER_PASSWORD: config.superuserPassword } : {}),
      ...(dropWords.length === 0 ? {} : identityOf(DJANGO_USER)),
      DJINIT_DATABASE_TIMEOUT: String(databaseTimeoutMs / 1000),
      SUPERUSER_USERNAME: config.superuserUsername,
      SUPERUSER_EMAIL: config.superuserEmail,
    },
    deadlinesMs: {
      "wait-for-database": databaseTimeoutMs + SETUP_MARGIN_MS,
      migrate: config.migrateTimeoutMs,
      collectstatic: config.collectstaticTimeoutMs,
      superuser: config.superuserTimeoutMs,
    },
    gracePeriodMs: config.gracePeriodMs,
    sink,
    log,
    signal,
    clock: systemClock,
  });
}
