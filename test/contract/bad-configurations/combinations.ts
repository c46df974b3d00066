// What variables, CMD and files get wrong together. `{dir}` is the project's directory.

export interface BadCombination {
  name: string;
  env?: Record<string, string>;
  cmd?: readonly string[];
  /** Below the project's directory; null: a directory. */
  files?: Record<string, string | Buffer | null>;
  /** Every problem: the variable or file, and a part of what is said. */
  problems: readonly (readonly [variable: string, text: string | RegExp])[];
}

/** No error may have it. */
export const SECRET = "hunter2";

const url = (name: string, value: string, text: string | RegExp): BadCombination => ({
  name: `${name}: ${value}`,
  env: { [name]: value },
  problems: [[name, text]],
});
const procfile = (line: string | Buffer, text: string): BadCombination => ({
  name: `Procfile: ${JSON.stringify(line.toString("latin1"))}`,
  cmd: ["release"],
  files: { Procfile: line },
  problems: [["Procfile", text]],
});
const secretFile = (name: string, content: string | Buffer | null, text: string): BadCombination => ({
  name: `a secret's file ${name}`,
  env: { SUPERUSER_PASSWORD_FILE: "{dir}/password" },
  files: { password: content },
  problems: [
    ["SUPERUSER_PASSWORD_FILE", `SUPERUSER_PASSWORD_FILE is "{dir}/password", which cannot be read: ${text}`],
  ],
});

export const BAD_COMBINATIONS: readonly BadCombination[] = [
  url(
    "DATABASE_URL",
    `${SECRET}${SECRET}`,
    "DATABASE_URL is set, but is no URL: it must begin like postgres://",
  ),
  url("DATABASE_URL", `postgres://user:${SECRET}@db:port/cakes`, /^DATABASE_URL is set, but /),
  url("DATABASE_URL", `postgres://user:${SECRET}/3@db/cakes`, /^DATABASE_URL is set, but /),
  url(
    "DATABASE_URL",
    `postgres://user:${SECRET}@db/cakes?sslmode=verify-full&sslrootcert=/none`,
    /^DATABASE_URL is set, but its options cannot be used: .*\/none/,
  ),
  url(
    "MIGRATIONS_DATABASE_URL",
    `db:${SECRET} 5432`.replace(":", " "),
    "MIGRATIONS_DATABASE_URL is set, but is no URL: it must begin like postgres://",
  ),
  {
    name: "DJINIT_CACHE_LOCK without DJINIT_CACHE",
    env: { DJINIT_CACHE_LOCK: "/" },
    problems: [["DJINIT_CACHE", "DJINIT_CACHE_LOCK is set but DJINIT_CACHE is not"]],
  },
  {
    name: "no DJANGO_SETTINGS_MODULE",
    env: { DJANGO_SETTINGS_MODULE: "" },
    problems: [["DJANGO_SETTINGS_MODULE", "DJANGO_SETTINGS_MODULE is not set, but migrate needs it"]],
  },
  {
    name: "no DJANGO_SETTINGS_MODULE, and several steps that need it",
    env: { DJANGO_SETTINGS_MODULE: "", RUN_COLLECTSTATIC: "1", SUPERUSER_PASSWORD: SECRET },
    problems: [
      [
        "DJANGO_SETTINGS_MODULE",
        "DJANGO_SETTINGS_MODULE is not set, but migrate, collectstatic, superuser need it: set it to the module of the settings, such as project.settings",
      ],
    ],
  },
  {
    name: "the PROXY protocol from anybody",
    env: { DJINIT_PROXY_PROTOCOL: "1" },
    problems: [
      [
        "DJINIT_TRUSTED_PROXIES",
        "DJINIT_PROXY_PROTOCOL is set but DJINIT_TRUSTED_PROXIES is not: name the balancers that speak it, or anybody could say who the client is",
      ],
    ],
  },
  {
    name: "a user's name from anybody",
    env: { DJINIT_TRUSTED_HEADERS: "X-Shop-User" },
    problems: [
      [
        "DJINIT_TRUSTED_PROXIES",
        "DJINIT_TRUSTED_HEADERS is set but DJINIT_TRUSTED_PROXIES is not: name the proxies that send them, or they count from anybody",
      ],
    ],
  },
  {
    name: "no application",
    cmd: [],
    problems: [["CMD", 'no application is named: give it as CMD, for instance CMD ["']],
  },
  {
    name: "uvicorn without an application",
    cmd: ["uvicorn", "--workers", "2"],
    problems: [["CMD", 'no application is named: give it as CMD, for instance CMD ["uvicorn", "']],
  },
  {
    name: "CELERY_WORKER without CELERY_APP",
    env: { CELERY_WORKER: "1" },
    problems: [
      [
        "CELERY_APP",
        "CELERY_WORKER is set but CELERY_APP is not: set it to the module of the Celery application",
      ],
    ],
  },
  {
    name: "CELERY_WORKER and CELERY_BEAT without CELERY_APP",
    env: { CELERY_WORKER: "1", CELERY_BEAT: "1" },
    problems: [["CELERY_APP", "CELERY_WORKER and CELERY_BEAT are set but CELERY_APP is not"]],
  },
  {
    name: "a celery worker without an application",
    cmd: ["celery", "worker"],
    problems: [
      [
        "CELERY_APP",
        "CELERY_APP is not set and the CMD has no --app: set one to the module of the Celery application",
      ],
    ],
  },
  {
    name: "celery beat without an application",
    cmd: ["celery", "beat"],
    problems: [["CELERY_APP", "CELERY_APP is not set and the CMD has no --app"]],
  },
  {
    name: "a celery worker in the background",
    cmd: ["celery", "-A", "shop", "worker", "-D"],
    problems: [
      [
        "CMD",
        "CMD has `-D`, which puts celery worker into the background: remove it: PID 1 keeps the process running",
      ],
    ],
  },
  {
    name: "celery multi",
    cmd: ["celery", "multi", "start", "w1"],
    env: { CELERY_APP: "shop" },
    problems: [
      [
        "CMD",
        'CMD has `celery multi`, which puts its workers into the background: write CMD ["celery", "worker"]',
      ],
    ],
  },
  {
    name: "gunicorn in the background, by CMD",
    cmd: ["gunicorn", "--daemon", "shop.wsgi"],
    problems: [["CMD", "CMD has `--daemon`, which puts gunicorn into the background: remove it"]],
  },
  {
    name: "gunicorn in the background, by a variable",
    env: { GUNICORN_CMD_ARGS: "--workers 2 -D" },
    problems: [
      ["GUNICORN_CMD_ARGS", "GUNICORN_CMD_ARGS has `-D`, which puts gunicorn into the background: remove it"],
    ],
  },
  {
    name: "a drain that takes the whole grace period",
    env: { DJINIT_DRAIN_DELAY: "25", DJINIT_GRACE_PERIOD: "20" },
    problems: [
      [
        "DJINIT_DRAIN_DELAY",
        "DJINIT_DRAIN_DELAY is 25 s, but DJINIT_GRACE_PERIOD, which includes it, is 20 s: nothing could drain; lower the one or raise the other",
      ],
    ],
  },
  {
    name: "a level for a service that there is not",
    env: { DJINIT_LOG_LEVEL: "celery=warn" },
    problems: [
      ["DJINIT_LOG_LEVEL", 'DJINIT_LOG_LEVEL names "celery", which is none of djinit, nginx, gunicorn'],
    ],
  },
  {
    name: "a project's directory that is not there",
    env: { DJINIT_APP_DIRECTORY: "/none/app" },
    problems: [
      [
        "DJINIT_APP_DIRECTORY",
        `the application's directory "/none/app" (WORKDIR, or DJINIT_APP_DIRECTORY) is not there, or no directory`,
      ],
    ],
  },
  {
    name: "a project's directory that is a file",
    env: { DJINIT_APP_DIRECTORY: "{dir}/file" },
    files: { file: "" },
    problems: [["DJINIT_APP_DIRECTORY", "is not there, or no directory"]],
  },
  {
    name: "an env file that is not there",
    env: { DJINIT_ENV_FILE: "{dir}/production.env" },
    problems: [
      ["DJINIT_ENV_FILE", 'DJINIT_ENV_FILE is "{dir}/production.env", which cannot be read: ENOENT'],
    ],
  },
  {
    name: "one of two env files that is not there",
    env: { DJINIT_ENV_FILE: "{dir}/common.env:{dir}/production.env" },
    files: { "common.env": "A=1\n" },
    problems: [
      ["DJINIT_ENV_FILE", 'DJINIT_ENV_FILE is "{dir}/production.env", which cannot be read: ENOENT'],
    ],
  },
  {
    name: "an env file that is a directory",
    env: { DJINIT_ENV_FILE: "{dir}/env" },
    files: { env: null },
    problems: [["DJINIT_ENV_FILE", 'DJINIT_ENV_FILE is "{dir}/env", which cannot be read: ']],
  },
  {
    name: "an env file with a NUL byte",
    env: { DJINIT_ENV_FILE: "{dir}/env" },
    files: { env: `TOKEN=a\0${SECRET}\n` },
    problems: [["TOKEN", "TOKEN, in {dir}/env, has a NUL byte in its value"]],
  },
  {
    name: "bad values in an env file",
    env: { DJINIT_ENV_FILE: "{dir}/env" },
    files: { env: "WEB_CONCURRENCY=many\nDJINIT_GRACE_PERIOD=soon\n" },
    problems: [
      ["WEB_CONCURRENCY", 'WEB_CONCURRENCY is "many", which is not a whole number from 1 to 1024'],
      [
        "DJINIT_GRACE_PERIOD",
        'DJINIT_GRACE_PERIOD is "soon", which is not a number of seconds from 1 to 86400',
      ],
    ],
  },
  {
    name: "a secret's file that is not there",
    env: { SUPERUSER_PASSWORD_FILE: "/run/secrets/none" },
    problems: [
      [
        "SUPERUSER_PASSWORD_FILE",
        'SUPERUSER_PASSWORD_FILE is "/run/secrets/none", which cannot be read: ENOENT',
      ],
    ],
  },
  secretFile("that is empty", "", "it is empty"),
  secretFile("that has a newline alone", "\n", "it is empty"),
  secretFile("with a NUL byte", `${SECRET}\0`, "it has a NUL byte, which no variable can have"),
  secretFile("that is no text", Buffer.from([0xff, 0xfe, 0x41]), "it is not text in UTF-8"),
  secretFile("that is a directory", null, ""),
  secretFile("of 200 KiB", SECRET.repeat(30_000), ""),
  {
    name: "a secret by value and by file",
    env: { SUPERUSER_PASSWORD: SECRET, SUPERUSER_PASSWORD_FILE: "/run/secrets/password" },
    problems: [
      [
        "SUPERUSER_PASSWORD_FILE",
        "SUPERUSER_PASSWORD and SUPERUSER_PASSWORD_FILE are both set: give one of them",
      ],
    ],
  },
  {
    name: "a variable that DJINIT_SECRETS names, and whose file is not there",
    env: { DJINIT_SECRETS: "API_TOKEN", API_TOKEN_FILE: "/none" },
    problems: [["API_TOKEN_FILE", 'API_TOKEN_FILE is "/none", which cannot be read: ENOENT']],
  },
  {
    name: "a bad value in a secret's file: it is not repeated",
    env: { WEB_CONCURRENCY_FILE: "{dir}/workers" },
    files: { workers: `${SECRET}\n` },
    problems: [["WEB_CONCURRENCY", "WEB_CONCURRENCY is set, which is not a whole number from 1 to 1024"]],
  },
  {
    name: "a directory of secrets that is not there",
    env: { DJINIT_SECRETS_DIR: "/none/secrets" },
    problems: [["DJINIT_SECRETS_DIR", 'DJINIT_SECRETS_DIR is "/none/secrets", which cannot be read: ENOENT']],
  },
  {
    name: "a directory of secrets that is a file",
    env: { DJINIT_SECRETS_DIR: "{dir}/secrets" },
    files: { secrets: SECRET },
    problems: [["DJINIT_SECRETS_DIR", 'DJINIT_SECRETS_DIR is "{dir}/secrets", which cannot be read: ']],
  },
  {
    name: "two files of one name in the directory of secrets",
    env: { DJINIT_SECRETS_DIR: "{dir}/secrets" },
    files: { "secrets/api-token": SECRET, "secrets/api_token": SECRET },
    problems: [["DJINIT_SECRETS_DIR", "both are API_TOKEN: leave one of them out"]],
  },
  {
    name: "an empty file in the directory of secrets",
    env: { DJINIT_SECRETS_DIR: "{dir}/secrets" },
    files: { "secrets/api_token": "" },
    problems: [
      [
        "DJINIT_SECRETS_DIR",
        "DJINIT_SECRETS_DIR has {dir}/secrets/api_token, which cannot be API_TOKEN: it is empty",
      ],
    ],
  },
  procfile("web gunicorn shop.wsgi\n", 'Procfile line 1: "web" is followed by no colon: write NAME: COMMAND'),
  procfile("rq:\n", 'Procfile line 1: "rq" has no command after the colon'),
  procfile(
    "rq worker: rq\n",
    'Procfile line 1: "rq worker" is no name: up to 63 letters, digits, - and _ stand before the colon',
  ),
  procfile("rq: rq \\\n", 'Procfile line 1: "rq" ends with a backslash: a Procfile has no lines that go on'),
  procfile("rq: sh -c 'rq\n", 'Procfile line 1: "rq" has a \' that is never closed'),
  procfile("# a\nrq: rq\nrq: rq\n", 'Procfile line 3: "rq" has line 2 already: give it another name'),
  procfile("rq: r\x01q\n", 'Procfile line 1: "rq" has a control character in its command'),
  procfile(
    `${SECRET.repeat(2)}_${"x".repeat(100)}: rq\n`.replaceAll(SECRET, "secret"),
    "is no name: up to 63 letters",
  ),
  procfile(Buffer.from([0x72, 0x71, 0x3a, 0x20, 0xff]), "{dir}/Procfile cannot be read: it is not UTF-8"),
  {
    name: "a Procfile that is a directory",
    cmd: ["release"],
    files: { Procfile: null },
    problems: [["Procfile", "{dir}/Procfile cannot be read: "]],
  },
  {
    name: "a process that the Procfile does not have",
    env: { DJINIT_PROCESSES: "mail" },
    files: { Procfile: "rq: rq worker\n" },
    problems: [["DJINIT_PROCESSES", 'DJINIT_PROCESSES names "mail"']],
  },
  {
    name: "processes without a Procfile",
    env: { DJINIT_PROCESSES: "rq" },
    problems: [["DJINIT_PROCESSES", 'DJINIT_PROCESSES names "rq"']],
  },
  {
    name: "a signal for a process that is none",
    env: { DJINIT_STOP_SIGNAL_RQ: "KILL", DJINIT_PROCESSES: "rq" },
    files: { Procfile: "rq: rq worker\n" },
    problems: [
      [
        "DJINIT_STOP_SIGNAL_RQ",
        'DJINIT_STOP_SIGNAL_RQ is "KILL", which is none of TERM, INT, QUIT, HUP, USR1, USR2',
      ],
    ],
  },
  {
    name: "everything at once",
    env: {
      DJANGO_SETTINGS_MODULE: "",
      DATABASE_URL: SECRET,
      WEB_CONCURRENCY: "many",
      CELERY_BEAT: "1",
      GUNICORN_CMD_ARGS: "--daemon",
      SUPERUSER_PASSWORD_FILE: "/none",
      DJINIT_ENV_FILE: "/none.env",
      DJINIT_LOG_LEVEL: "loud",
    },
    problems: [
      ["DJINIT_ENV_FILE", "ENOENT"],
      ["SUPERUSER_PASSWORD_FILE", "ENOENT"],
      ["WEB_CONCURRENCY", "whole number"],
      ["DJINIT_LOG_LEVEL", "loud"],
      ["DATABASE_URL", "is no URL"],
      ["GUNICORN_CMD_ARGS", "into the background"],
      ["CELERY_APP", "CELERY_BEAT is set"],
      ["DJANGO_SETTINGS_MODULE", "is not set"],
    ],
  },
];
