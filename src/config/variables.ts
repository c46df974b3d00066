// The ONE table of every variable djinit reads. Config's type, `djinit config` and docs/variables.md come from it.
import type * as v from "valibot";
import { CONFINEMENT_VARIABLES } from "./confinement/variables.ts";
import { CONNECTION_VARIABLES } from "./connections/variables.ts";
import { REQUEST_VARIABLES } from "./requests/variables.ts";
import {
  choice,
  databaseNames,
  directory,
  flag,
  hostName,
  integer,
  seconds,
  text,
  url,
  urlPath,
  userName,
  variableNames,
} from "./value-types.ts";
import { type Variable, variable } from "./variable.ts";
import { DEADLINE_VARIABLES } from "./variables-deadlines.ts";
import { DEPRECATED_VARIABLES } from "./variables-deprecated.ts";
import { OBSERVATION_VARIABLES } from "./variables-observation.ts";
import { PROCESS_VARIABLES } from "./variables-processes.ts";
import { SITE_VARIABLES } from "./variables-site.ts";
import { VAULT_VARIABLES } from "./variables-vault.ts";
import { WORKER_VARIABLES } from "./variables-workers.ts";

/**
 * `run` migrates; `wait` waits until another container has migrated; `check` fails if a migration is pending; `skip` does
 * nothing.
 */
export const MIGRATION_MODES = ["run", "wait", "skip", "check"] as const;
export type MigrationMode = (typeof MIGRATION_MODES)[number];

export type { Variable } from "./variable.ts";

/** What older images know. */
export const DEFAULT_APP_DIRECTORY = "/app";

export const VARIABLES = {
  settingsModule: variable("DJANGO_SETTINGS_MODULE", text(), "The settings, as Django reads it.", {
    passedOn: true,
  }),
  appDirectory: variable(
    "DJINIT_APP_DIRECTORY",
    directory(),
    "Where the project lies: on Python's path, and the working directory of everything that is started. Default: the working directory of the container (WORKDIR), or `/app` where that is `/`.",
    { default: DEFAULT_APP_DIRECTORY },
  ),
  databaseUrl: variable(
    "DATABASE_URL",
    url(),
    "The database to wait for. Without it Django's own settings tell.",
    {
      secret: true,
      passedOn: true,
    },
  ),
  migrationsDatabaseUrl: variable(
    "MIGRATIONS_DATABASE_URL",
    url(),
    "The same database past a pooler: the boot's own steps use it instead of DATABASE_URL; no service gets it.",
    { secret: true, bootOnly: true },
  ),
  migrations: variable(
    "DJINIT_MIGRATIONS",
    choice(...MIGRATION_MODES),
    "What the boot does about the schema; wins over SKIP_MIGRATIONS. Default: run for web and release; wait for celery where DJANGO_SETTINGS_MODULE is set and the database is not an SQLite file; else skip. Of a command of your own only wait and check say something.",
  ),
  skipMigrations: variable(
    "SKIP_MIGRATIONS",
    flag(),
    "The same as DJINIT_MIGRATIONS=skip: neither run `migrate` nor wait for the schema.",
    { default: "" },
  ),
  migrateAlways: variable(
    "DJINIT_MIGRATE_ALWAYS",
    flag(),
    "Run `migrate` even when nothing is pending, for receivers of post_migrate that each start needs.",
    { default: "" },
  ),
  migrateDatabases: variable(
    "DJINIT_MIGRATE_DATABASES",
    databaseNames(),
    "Which of DATABASES the boot waits for and migrates, with commas. Default: default, and those that a router of the settings sends migrations to.",
  ),
  migrateLockTimeoutMs: variable(
    "DJINIT_MIGRATE_LOCK_TIMEOUT",
    seconds(0, 3_600),
    "Postgres: how long a migration waits for a table's lock before it steps back and tries again; 0: for as long as it takes.",
    { default: "5" },
  ),
  runCollectstatic: variable("RUN_COLLECTSTATIC", flag(), "Web and release: run `collectstatic`.", {
    default: "",
  }),
  superuserPassword: variable(
    "SUPERUSER_PASSWORD",
    text(),
    "Web and release: create a superuser with this password if there is none of that name.",
    { secret: true, bootOnly: true },
  ),
  superuserUsername: variable("SUPERUSER_USERNAME", text(), "Name of that superuser (its USERNAME_FIELD).", {
    default: "admin",
    bootOnly: true,
  }),
  superuserEmail: variable("SUPERUSER_EMAIL", text(), "Mail address of that superuser.", {
    default: "admin@example.com",
    bootOnly: true,
  }),
  superuserFields: variable(
    "DJANGO_SUPERUSER_*",
    text(),
    "Further fields that the user model requires, by their names: DJANGO_SUPERUSER_PHONE. A command of your own gets them too.",
    { masked: true, bootOnly: true, passedOn: true },
  ),
  webConcurrency: variable(
    "WEB_CONCURRENCY",
    integer(1, 1024),
    "Number of gunicorn workers; by itself as many as the container has processors and memory for.",
    {
      passedOn: true,
    },
  ),
  gunicornArguments: variable("GUNICORN_CMD_ARGS", text(), "More arguments for gunicorn.", {
    masked: true, // `--env NAME=value`
    passedOn: true,
  }),
  gunicornAccessLogs: variable(
    "GUNICORN_ACCESS_LOGS",
    flag(),
    "Let gunicorn log requests too; nginx always does.",
    {
      default: "",
      passedOn: true,
    },
  ),
  prometheusDirectory: variable(
    "prometheus_multiproc_dir",
    text(),
    "Where prometheus_client keeps its files; default /run/gunicorn/prometheus with sync workers, more than one, or as many as djinit chooses.",
    { passedOn: true },
  ),
  prometheusDirectoryToday: variable(
    "PROMETHEUS_MULTIPROC_DIR",
    text(),
    "The same, under the name that prometheus_client gives it today.",
    { passedOn: true },
  ),
  gracePeriodMs: variable(
    "DJINIT_GRACE_PERIOD",
    seconds(1, 86_400),
    "From the stop signal to SIGKILL, for the whole container. Keep it below the orchestrator's own.",
    { default: "25" },
  ),
  drainDelayMs: variable(
    "DJINIT_DRAIN_DELAY",
    seconds(0, 3_600),
    "Web: from the stop signal to the drain. Requests are still served meanwhile; part of the grace period.",
    { default: "0" },
  ),
  startupTimeoutMs: variable(
    "DJINIT_STARTUP_TIMEOUT",
    seconds(1, 3_600),
    "How long a service may take to be ready, and the boot to load the settings.",
    {
      default: "120",
    },
  ),
  readinessPath: variable(
    "DJINIT_READINESS_PATH",
    urlPath(),
    "The application is ready when this path answers below 400. Without it: when a worker accepts connections.",
  ),
  readinessHost: variable(
    "DJINIT_READINESS_HOST",
    hostName(),
    "The Host header of that request; one of ALLOWED_HOSTS. Default: localhost, or the first host that the settings allow.",
  ),
  maxRestarts: variable(
    "DJINIT_MAX_RESTARTS",
    integer(0, 1_000),
    "Restarts of a service within 60 s, and after starts in a row that failed, before the container gives up.",
    {
      default: "5",
    },
  ),
  ...DEADLINE_VARIABLES,
  commandUser: variable(
    "DJINIT_COMMAND_USER",
    userName(),
    "User of a command of your own, which is neither web nor a worker. `root` keeps root for the whole container.",
    { default: "django" },
  ),
  commandOutput: variable(
    "DJINIT_COMMAND_OUTPUT",
    choice("raw", "json"),
    "raw: such a command has stdin, stdout and stderr to itself; json: its lines become records.",
    { default: "raw" },
  ),
  commandRestart: variable(
    "DJINIT_COMMAND_RESTART",
    choice("no", "on-failure", "always"),
    "Whether such a command is started again when it ends: a worker of another kind, say.",
    { default: "no" },
  ),
  envFile: variable(
    "DJINIT_ENV_FILE",
    text(),
    "Files of NAME=value lines, with colons between them: a later one wins, and variables of the container win over all.",
  ),
  secrets: variable(
    "DJINIT_SECRETS",
    variableNames(),
    "Names of the application's variables, with commas, whose NAME_FILE is read wherever it lies.",
  ),
  secretsDirectory: variable(
    "DJINIT_SECRETS_DIR",
    text(),
    "A directory with a file for each variable: db_password holds DB_PASSWORD.",
  ),
  ...DEPRECATED_VARIABLES,
  ...PROCESS_VARIABLES,
  ...SITE_VARIABLES,
  ...CONNECTION_VARIABLES,
  ...CONFINEMENT_VARIABLES,
  ...REQUEST_VARIABLES,
  ...OBSERVATION_VARIABLES,
  ...VAULT_VARIABLES,
  ...WORKER_VARIABLES,
} as const;

/** Names of the variables that are for the boot only. */
export const BOOT_ONLY: string[] = (Object.values(VARIABLES) as Variable[])
  .filter(({ bootOnly }) => bootOnly)
  .map(({ name }) => name);

type Table = typeof VARIABLES;

/** Every variable's value, typed by the table. Without a default it may be undefined. */
export type Config = Omit<Values, "healthCommands" | "stopSignals"> & {
  healthCommands: Record<string, string>;
  stopSignals: Record<string, NodeJS.Signals>;
};

type Values = {
  -readonly [K in keyof Table]: Table[K] extends Variable<infer S, infer D>
    ? v.InferOutput<S> | (D extends string ? never : undefined)
    : never;
};
