import { EXIT_STATUS } from "./exit-status.ts";

/**
 * Every error that djinit reports: a stable code, the exit status it leads to (null: the process goes on), and the way out.
 * docs/errors.md has the same table; a test compares the two.
 */
export const ERROR_CODES = {
  DJINIT_BAD_CONFIGURATION: {
    exitStatus: EXIT_STATUS.badConfiguration,
    hint: "correct the variables named in `problems`; `djinit config` lists every variable",
  },
  DJINIT_UNKNOWN_COMMAND: {
    exitStatus: EXIT_STATUS.badConfiguration,
    hint: "use `package.wsgi:application`, `celery worker`, `celery beat`, a name in the Procfile, or a command that is on PATH",
  },
  DJINIT_MISSING_CAPABILITY: {
    exitStatus: EXIT_STATUS.badConfiguration,
    hint: "give the container these capabilities (they are in Docker's default set), or start it as another user than root",
  },
  DJINIT_RUNTIME_DIRECTORY: {
    exitStatus: EXIT_STATUS.badConfiguration,
    hint: "mount a tmpfs or an empty volume at /run or /tmp that the user of the container may write to",
  },
  DJINIT_MEDIA_OWNER: {
    exitStatus: EXIT_STATUS.badConfiguration,
    hint: "mount the volume writable, or make user django (uid 104, gid 107) its owner",
  },
  DJINIT_DATABASE_UNAVAILABLE: {
    exitStatus: EXIT_STATUS.databaseUnavailable,
    hint: "check DATABASE_URL, or the variables that `variable` or `variables` name instead, and that the database runs and is reachable; DJINIT_DATABASE_TIMEOUT sets how long to wait",
  },
  DJINIT_DATABASE_REFUSED_LOGIN: {
    exitStatus: EXIT_STATUS.databaseUnavailable,
    hint: "check the user, password and database name in DATABASE_URL, or in the variables that `variable` or `variables` name instead; waiting would not change this answer",
  },
  DJINIT_DATABASE_FORBIDDEN: {
    exitStatus: EXIT_STATUS.databaseUnavailable,
    hint: "grant the role what `msg` names (since Postgres 15 only the owner of a database may CREATE in its schema public; who only looks needs SELECT on django_migrations), or name a role that may in MIGRATIONS_DATABASE_URL",
  },
  DJINIT_DATABASE_UNUSABLE: {
    exitStatus: EXIT_STATUS.databaseUnavailable,
    hint: "correct what `msg` names: the directory or the owner of an SQLite file, an option, a service or a certificate of the connection; waiting would not change it",
  },
  DJINIT_VAULT_UNREACHABLE: {
    exitStatus: EXIT_STATUS.databaseUnavailable,
    hint: "check VAULT_ADDR, and that Vault runs, is unsealed and reachable; DJINIT_VAULT_TIMEOUT sets how long to wait",
  },
  DJINIT_VAULT_REFUSED: {
    exitStatus: EXIT_STATUS.badConfiguration,
    hint: "correct the login, path or key that `problems` names, or give the token's policy the right to read it; waiting would not change this answer",
  },
  DJINIT_VAULT_LEASE_ENDED: {
    exitStatus: null,
    hint: "bring Vault back, or correct what `cause` names: it is asked again every 30 s, and the services then get new credentials",
  },
  DJINIT_SETTINGS_FAILED: {
    exitStatus: EXIT_STATUS.badConfiguration,
    hint: "check DJANGO_SETTINGS_MODULE and the variables that the settings read; `error` has Python's own message",
  },
  DJINIT_MIGRATION_FAILED: {
    exitStatus: EXIT_STATUS.migrationFailed,
    hint: "mend the migration named in `migration`; what was applied before it stays, the next start goes on from there",
  },
  DJINIT_MIGRATE_STEP_FAILED: {
    exitStatus: EXIT_STATUS.migrationFailed,
    hint: "no migration is to blame: `msg` and `error` say what failed, such as a receiver of post_migrate, the project's own migrate command, or a lock that was lost; the next start goes on from there",
  },
  DJINIT_HISTORY_INCONSISTENT: {
    exitStatus: EXIT_STATUS.migrationFailed,
    hint: "put the row that is missing back into django_migrations, or have the new migration depend on the last one that is applied; `djinit migrations` lists what is pending",
  },
  DJINIT_SCHEMA_BEHIND: {
    exitStatus: EXIT_STATUS.schemaBehind,
    hint: "let one container migrate first: a web container, or `djinit release` of this image as a job before the deployment",
  },
  DJINIT_MANIFEST_FAILED: {
    exitStatus: EXIT_STATUS.badConfiguration,
    hint: "run `djinit manifest` as root, after pip install, with the variables without which the settings cannot be imported",
  },
  DJINIT_PRECOMPRESS_FAILED: {
    exitStatus: EXIT_STATUS.badConfiguration,
    hint: "run `djinit precompress` as the user whose files they are, after collectstatic, with the variables without which the settings cannot be imported, or with DJINIT_STATIC_ROOT",
  },
  DJINIT_SUPERUSER_FAILED: {
    exitStatus: EXIT_STATUS.superuserFailed,
    hint: "check SUPERUSER_USERNAME, SUPERUSER_EMAIL and that every field in the user model's REQUIRED_FIELDS is given as DJANGO_SUPERUSER_<FIELD>",
  },
  DJINIT_COLLECTSTATIC_FAILED: {
    exitStatus: EXIT_STATUS.collectstaticFailed,
    hint: "check STATIC_ROOT and that user django may write there, or run collectstatic when the image is built",
  },
  DJINIT_HOOK_FAILED: {
    exitStatus: EXIT_STATUS.hookFailed,
    hint: "mend the program that `hook` names, or raise DJINIT_HOOK_TIMEOUT; `hook_status` is what it ended with, `lines` what it said last",
  },
  DJINIT_RELEASE_FAILED: {
    exitStatus: EXIT_STATUS.releaseFailed,
    hint: "mend the line `release` of the Procfile, or raise DJINIT_HOOK_TIMEOUT; `release_status` is what it ended with, `lines` what it said last",
  },
  DJINIT_STEP_KILLED: {
    exitStatus: EXIT_STATUS.systemFailed,
    hint: "SIGKILL that nobody has sent is the kernel's when memory runs out: give the container more; SIGSEGV, SIGBUS and SIGABRT are crashes of a compiled library, `lines` has what was said last",
  },
  DJINIT_SPAWN_FAILED: {
    exitStatus: EXIT_STATUS.systemFailed,
    hint: "raise the limit that `msg` names (--pids-limit, ulimit -u, memory), or have the program in the image and on PATH",
  },
  DJINIT_NGINX_CONFIGURATION: {
    exitStatus: EXIT_STATUS.badConfiguration,
    hint: "correct the nginx file that `error` names",
  },
  DJINIT_PORT_TAKEN: {
    exitStatus: EXIT_STATUS.badConfiguration,
    hint: "end the other listener, do not share the network namespace, or change `listen` in conf.d/django.conf",
  },
  DJINIT_APPLICATION_FAILED: {
    exitStatus: EXIT_STATUS.badConfiguration,
    hint: "check the CMD, which names the WSGI application as `package.module:attribute`, the file and options of gunicorn, or CELERY_APP; `lines` has what the service said",
  },
  DJINIT_RELOAD_REFUSED: {
    exitStatus: null,
    hint: "correct what `lines` names and send HUP again; nothing was changed",
  },
  DJINIT_SERVICE_FAILED: {
    // The container exits with the service's own status, and with this one if that is 0.
    exitStatus: EXIT_STATUS.internalError,
    hint: "`lines` has what the service said last",
  },
  DJINIT_GRACE_PERIOD_EXCEEDED: {
    exitStatus: EXIT_STATUS.gracePeriodExceeded,
    hint: "raise DJINIT_GRACE_PERIOD (and the orchestrator's own above it), or make requests and tasks shorter",
  },
  DJINIT_ADMIN_PORT_TAKEN: {
    exitStatus: null,
    hint: "set DJINIT_ADMIN_PORT to a free port, or to 0 for none, and DJINIT_ADMIN_ADDRESS to an address of the container; `djinit health` and `djinit status` work without it",
  },
  DJINIT_ALREADY_RUNNING: {
    exitStatus: 1,
    hint: "use `djinit restart`, `djinit reload` or `djinit scale` for what runs here, or start another container; a script that ends in djinit belongs into ENTRYPOINT, not into CMD",
  },
  DJINIT_BAD_USAGE: {
    exitStatus: 2,
    hint: "`djinit help` lists the verbs and their words",
  },
  DJINIT_UNKNOWN_SERVICE: {
    exitStatus: 1,
    hint: "`djinit status` lists the services",
  },
  DJINIT_REFUSED: {
    exitStatus: 1,
    hint: "`djinit status` shows the state of each service",
  },
  DJINIT_NOT_RUNNING: {
    exitStatus: 1,
    hint: "run it inside a container whose PID 1 is djinit, for instance by `docker exec`",
  },
  DJINIT_INTERNAL: {
    exitStatus: EXIT_STATUS.internalError,
    hint: "this is a fault of djinit; please report it with this record",
  },
} as const satisfies Record<string, { exitStatus: number | null; hint: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An error with a stable code; `fields` join the record it is logged as. */
export class DjinitError extends Error {
  readonly code: ErrorCode;
  readonly fields: Record<string, unknown>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; fields?: Record<string, unknown> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "DjinitError";
    this.code = code;
    this.fields = options.fields ?? {};
  }

  /** Null if the process goes on. */
  get exitStatus(): number | null {
    return ERROR_CODES[this.code].exitStatus;
  }

  /** For a process that ends with this error in any case: `process.exit(null)` would be a success. */
  get endStatus(): number {
    return this.exitStatus ?? EXIT_STATUS.internalError;
  }

  get hint(): string {
    return ERROR_CODES[this.code].hint;
  }
}

/** Any thrown value as a DjinitError. An unforeseen one becomes DJINIT_INTERNAL, with its stack. */
export function asDjinitError(thrown: unknown): DjinitError {
  // By name, not by class: each file of the bundle has its own copy of the class.
  if (thrown instanceof Error && thrown.name === "DjinitError") return thrown as DjinitError;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  return new DjinitError("DJINIT_INTERNAL", `cannot go on: ${message}`, { cause: thrown, fields: { stack } });
}
