// One start of Django for some steps of the boot: its input and its findings.
import { systemClock } from "../../base/clock.ts";
import { DjinitError } from "../../base/errors.ts";
import { isNamed } from "../../config/sources/sources.ts";
import { type Config, VARIABLES } from "../../config/variables.ts";
import type { OwnLog } from "../../logs/write/own-log.ts";
import type { StepName } from "../../plan/plan.ts";
import type { Ahead } from "../ahead.ts";
import type { BootContext } from "../context.ts";
import type { BootObserver } from "../facts.ts";
import { confinedProgram } from "../hooks/confined.ts";
import type { HookSet } from "../hooks/run-hooks.ts";
import { compareMigrations, inDatabase } from "../schema/compare.ts";
import type { ManifestFacts } from "../schema/manifest.ts";
import type { OwnMigrateMark } from "../schema/own-migrate.ts";
import { type EarlyInterpreter, type EarlyReader, READ_SETTINGS } from "./early-reader.ts";
import { djangoEnvironment } from "./environment.ts";
import type { SetupEvent } from "./event-schemas.ts";
import { warnOfNewerSchema } from "./events.ts";
import { withPlace } from "./failure.ts";
import { type ProgramOptions, runDjangoSetup } from "./setup.ts";

/** Room for Django to start and for the program to report its own deadline before ours ends it. */
const SETUP_MARGIN_MS = 10_000;
/** Of a start while an image is built, perhaps on an emulated processor: somebody looks on. */
const BUILD_START_MS = 600_000;
/** For steps that only read. */
const QUESTION_TIMEOUT_MS = 60_000;

export type Django = Pick<BootContext, "config" | "environment" | "sink" | "signal"> & {
  log: OwnLog;
  observer: BootObserver;
  /** What stands before a command so that it runs as user django. */
  runAsPrefix: string[];
  /** Around the migrations. */
  hooks?: HookSet;
  /** Imports the settings already. */
  reader?: EarlyReader | undefined;
  /** Waits at its gate. */
  gunicorn?: Ahead | undefined;
};

/** What Django has reported, where a step asked for it. */
export interface DjangoFacts {
  manifest?: ManifestFacts;
  /** Of each database. */
  migrations: Extract<SetupEvent, { event: "migrations" }>[];
  settings?: SettingsEvent;
}

type SettingsEvent = Extract<SetupEvent, { event: "settings" }>;

/** Runs these steps in one start of Django. Errors: those of the steps; the signal's reason. */
export async function runDjango(
  django: Django,
  steps: StepName[],
  options: Pick<ProgramOptions, "lock"> & {
    manifestIsRequired?: boolean;
    ownMigrate?: OwnMigrateMark | undefined;
    early?: EarlyInterpreter | undefined;
    /** At once, before the interpreter has ended. */
    onSettings?: (settings: SettingsEvent) => void;
  },
): Promise<DjangoFacts> {
  const facts: DjangoFacts = { migrations: [] };
  const { config, environment, log, observer, sink, signal, runAsPrefix } = django;
  const given = djangoEnvironment(config, environment, runAsPrefix);
  if (steps.some((step) => step !== READ_SETTINGS)) {
    django.reader?.dismiss?.();
    django.gunicorn?.dismiss();
  }
  const done = runDjangoSetup({
    steps,
    appDirectory: config.appDirectory,
    program: {
      databaseTimeoutSeconds: config.databaseTimeoutMs / 1000,
      migrateTimeoutSeconds: config.migrateTimeoutMs / 1000,
      lockTimeoutSeconds: config.migrateLockTimeoutMs / 1000,
      always: config.migrateAlways,
      lock: options.lock,
      hooks: django.hooks?.points ?? [],
      databases: config.migrateDatabases ?? null,
      ownMigrate: options.ownMigrate ?? null,
      manifestIsRequired: options.manifestIsRequired ?? false,
    },
    hooks: django.hooks,
    early: options.early,
    onManifest: (manifest) => {
      facts.manifest = manifest;
    },
    onSettings: (settings) => {
      facts.settings = settings;
      options.onSettings?.(settings);
    },
    onMigrations: (migrations) => {
      facts.migrations.push(migrations);
      const { database, known, recorded } = migrations;
      // The list shows them anyway.
      if (!steps.includes("list-migrations"))
        warnOfNewerSchema(
          log,
          compareMigrations(known, recorded).ahead.map((name) => inDatabase(name, database)),
        );
    },
    runAsPrefix,
    confined: confinedProgram(config),
    environment: {
      ...given,
      ...(steps.includes("superuser") ? superuserEnvironment(config, environment) : {}),
    },
    startTimeoutMs: options.manifestIsRequired === true ? BUILD_START_MS : config.startupTimeoutMs,
    deadlinesMs: {
      "wait-for-database": config.databaseTimeoutMs + SETUP_MARGIN_MS,
      migrate: config.migrateTimeoutMs,
      "wait-for-migrations": config.migrateTimeoutMs + SETUP_MARGIN_MS,
      "check-migrations": config.migrateTimeoutMs,
      collectstatic: config.collectstaticTimeoutMs,
      superuser: config.superuserTimeoutMs,
      manifest: QUESTION_TIMEOUT_MS,
      "list-migrations": QUESTION_TIMEOUT_MS,
      "read-settings": QUESTION_TIMEOUT_MS,
    },
    gracePeriodMs: config.gracePeriodMs,
    sink,
    log,
    observer,
    signal,
    clock: systemClock,
  });
  await done.catch((error: unknown) => {
    const { appDirectory, settingsModule } = config;
    const place = { user: userOf(runAsPrefix), appDirectory, settingsModule, path: environment["PATH"] };
    throw error instanceof DjinitError ? withPlace(error, place) : error;
  });
  return facts;
}

/** The user of the steps. */
function userOf(runAsPrefix: readonly string[]): string {
  const option = "--reuid=";
  const named = runAsPrefix.find((word) => word.startsWith(option))?.slice(option.length);
  const uid = process.getuid?.() ?? 0;
  return named ?? (uid === 0 ? "root" : String(uid));
}

/** djinit_setup.py removes it before the project is loaded. */
function superuserEnvironment(config: Config, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const fields = Object.entries(environment).filter(([name]) =>
    isNamed(name, [VARIABLES.superuserFields.name]),
  );
  return {
    ...Object.fromEntries(fields),
    SUPERUSER_PASSWORD: config.superuserPassword,
    SUPERUSER_USERNAME: config.superuserUsername,
    SUPERUSER_EMAIL: config.superuserEmail,
  };
}
