import { EXIT_STATUS } from "./exit-status.ts";

/**
 * Every error djinit reports: a stable code, the exit status it leads to, and the way out. docs/errors.md has the same
 * table, and a test that they agree.
 */
export const ERROR_CODES = {
  DJINIT_BAD_CONFIGURATION: {
    exitStatus: EXIT_STATUS.badConfiguration,
    hint: "correct the variables named in `problems`; `djinit config` lists every variable",
  },
  DJINIT_UNKNOWN_COMMAND: {
    exitStatus: EXIT_STATUS.badConfiguration,
    hint: "use `package.wsgi:application`, `celery worker`, `celery beat`, or a command that is on PATH",
  },
  DJINIT_MISSING_CAPABILITY: {
    exitStatus: EXIT_STATUS.badConfiguration,
    hint: "give the container these capabilities (they are in Docker's default set), or start it as another user than root",
  },
  DJINIT_RUNTIME_DIRECTORY: {
    exitStatus: EXIT_STATUS.badConfiguration,
    hint: "mount a tmpfs there that the user of the container may write to, for instance `docker run --tmpfs /run:uid=104`, or start it as root",
  },
  DJINIT_MEDIA_OWNER: {
    exitStatus: EXIT_STATUS.badConfiguration,
    hint: "mount the volume writable, or make user django (uid 104, gid 107) its owner",
  },
  DJINIT_DATABASE_UNAVAILABLE: {
    exitStatus: EXIT_STATUS.databaseUnavailable,
    hint: "check DATABASE_URL and that the database runs and is reachable; DJINIT_DATABASE_TIMEOUT sets how long to wait",
  },
  DJINIT_DATABASE_REFUSED_LOGIN: {
    exitStatus: EXIT_STATUS.databaseUnavailable,
    hint: "check the user, password and database name in DATABASE_URL; waiting would not change this answer",
  },
  DJINIT_SETTINGS_FAILED: {
    exitStatus: EXIT_STATUS.badConfiguration,
    hint: "check DJANGO_SETTINGS_MODULE and the variables that the settings read; `error` has Python's own message",
  },
  DJINIT_MIGRATION_FAILED: {
    exitStatus: EXIT_STATUS.migrationFailed,
    hint: "mend the migration named in `migration`; what was applied before it stays, the next start goes on from there",
  },
  DJINIT_SCHEMA_BEHIND: {
    exitStatus: EXIT_STATUS.schemaBehind,
    hint: "let one container migrate first: a web container, or `djinit release` of this image as a job before the deployment",
  },
  DJINIT_MANIFEST_FAILED: {
    exitStatus: EXIT_STATUS.badConfiguration,
    hint: "run `djinit manifest` as root, after pip install, with the variables without which the settings cannot be imported",
  },
  DJINIT_SUPERUSER_FAILED: {
    exitStatus: EXIT_STATUS.superuserFailed,
    hint: "check SUPERUSER_USERNAME, SUPERUSER_EMAIL and that every field in the user model's REQUIRED_FIELDS is given as DJANGO_SUPERUSER_<FIELD>",
  },
  DJINIT_COLLECTSTATIC_FAILED: {
    exitStatus: EXIT_STATUS.collectstaticFailed,
    hint: "check STATIC_ROOT and that user django may write there, or run collectstatic when the image is built",
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
    exitStatus: EXIT_STATUS.ok,
    hint: "correct what `lines` names and send HUP again; nothing was changed",
  },
  DJINIT_SERVICE_FAILED: {
    // Stands for «the service's own status»: supervise exits with that, this is what is used if there is none.
    exitStatus: EXIT_STATUS.internalError,
    hint: "`lines` has what the service said last",
  },
  DJINIT_GRACE_PERIOD_EXCEEDED: {
    exitStatus: EXIT_STATUS.gracePeriodExceeded,
    hint: "raise DJINIT_GRACE_PERIOD (and the orchestrator's own above it), or make requests and tasks shorter",
  },
  DJINIT_ADMIN_PORT_TAKEN: {
    exitStatus: EXIT_STATUS.ok,
    hint: "set DJINIT_ADMIN_PORT to a free port, or to 0 for none; `djinit health` and `djinit status` work without it",
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
} as const satisfies Record<string, { exitStatus: number; hint: string }>;

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

  get exitStatus(): number {
    return ERROR_CODES[this.code].exitStatus;
  }

  get hint(): string {
    return ERROR_CODES[this.code].hint;
  }
}

/** Any thrown value as a DjinitError; what djinit did not foresee becomes DJINIT_INTERNAL, with its stack. */
export function asDjinitError(thrown: unknown): DjinitError {
  // By its name: each file of the bundle has a class of its own.
  if (thrown instanceof Error && thrown.name === "DjinitError") return thrown as DjinitError;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  return new DjinitError("DJINIT_INTERNAL", `cannot go on: ${message}`, { cause: thrown, fields: { stack } });
}
