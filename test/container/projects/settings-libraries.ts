import { type Backends, type Project, partsOf } from "./project.ts";

/** Projects whose settings are read by a library, or by names of their own. */
export const SETTINGS_LIBRARIES: readonly Project[] = [
  {
    name: "decouple",
    shape: "python-decouple; `DB_HOST`, `DB_NAME`, …",
    env: (backends) => {
      const { host, port, user, password, name } = partsOf(backends);
      return {
        SECRET_KEY: "decouple",
        DB_HOST: host,
        DB_PORT: port,
        DB_USER: user,
        DB_PASSWORD: password,
        DB_NAME: name,
        REDIS_URL: backends.redis,
      };
    },
  },
  {
    name: "pydantic",
    shape: "pydantic-settings with nested names; psycopg's pool",
    env: (backends) => ({
      APP_SECRET_KEY: "pydantic",
      APP_REDIS_URL: backends.redis,
      ...named("APP_DATABASE__", backends),
    }),
  },
  {
    name: "dynaconf",
    shape: "dynaconf: `settings.toml`, and variables such as `DJANGO_DATABASES__default__HOST`",
    env: (backends) => ({
      DJANGO_SECRET_KEY: "dynaconf",
      DJANGO_CELERY_BROKER_URL: backends.redis,
      ...named("DJANGO_DATABASES__default__", backends),
    }),
  },
  {
    name: "configurations",
    shape: "django-configurations: settings are a class",
    env: ({ database, redis }) => ({
      DJANGO_SECRET_KEY: "configurations",
      DATABASE_URL: database.url,
      CELERY_BROKER_URL: redis,
    }),
  },
];

function named(prefix: string, backends: Backends): Record<string, string> {
  return Object.fromEntries(
    Object.entries(partsOf(backends)).map(([field, value]) => [`${prefix}${field.toUpperCase()}`, value]),
  );
}
