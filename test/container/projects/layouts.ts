import { type Project, partsOf, usual } from "./project.ts";

/** Where the code lies, and where the settings take their values from. */
export const LAYOUTS: readonly Project[] = [
  {
    name: "plain",
    shape: "`startproject`'s layout, a requirements file, no package; logging as Django has it",
    env: usual,
    // The project has no handler of its own: Python writes warnings and above to stderr, without a level.
    said: [
      ["info", "the flour runs low"],
      ["info", "the oven is cold"],
      ["error", "cannot bake", "ValueError"],
    ],
  },
  {
    name: "subdirectory",
    shape: "`manage.py` and settings in `backend/`, `WORKDIR /app/backend`",
    env: ({ database, redis }) => ({
      SECRET_KEY: "subdirectory",
      DATABASE_URL: database.url,
      CELERY_BROKER_URL: redis,
    }),
    appsIn: "backend",
    media: "/app/backend/media",
  },
  {
    name: "by-environment",
    shape: "`config/settings/{base,local,production}.py` with django-environ, as in cookiecutter-django",
    env: ({ database, redis }) => ({
      DJANGO_SECRET_KEY: "by-environment",
      DJANGO_ALLOWED_HOSTS: "127.0.0.1,example.com",
      DATABASE_URL: database.url,
      REDIS_URL: redis,
    }),
  },
  {
    name: "postgres-variables",
    shape: "`POSTGRES_HOST`, `POSTGRES_DB`, …; psycopg2",
    env: (backends) => {
      const { host, port, user, password, name } = partsOf(backends);
      return {
        SECRET_KEY: "postgres-variables",
        POSTGRES_HOST: host,
        POSTGRES_PORT: port,
        POSTGRES_USER: user,
        POSTGRES_PASSWORD: password,
        POSTGRES_DB: name,
        CELERY_BROKER: backends.redis,
        CELERY_BACKEND: backends.redis,
      };
    },
  },
  {
    name: "two-databases",
    shape:
      "two databases with a router between them; hooks before and after a migration, and before each start",
    env: (backends) => ({
      SECRET_KEY: "two-databases",
      DATABASE_URL: backends.database.url,
      EVENTS_DATABASE_URL: backends.secondDatabase.url,
      CELERY_BROKER: backends.redis,
      CELERY_BACKEND: backends.redis,
    }),
  },
  {
    name: "app-by-scheme",
    shape: "dj-database-url; an app more where the URL's scheme is Postgres'",
    env: usual,
  },
];
